"""JMESPath expressions in a source's options (https://jmespath.org/specification.html)."""

from __future__ import annotations

from typing import Any

from hookline.exceptions import ConfigurationError


def check(text: str) -> None:
    """Compile an expression.

    :raises ConfigurationError: it does not compile.
    """
    import jmespath

    try:
        jmespath.compile(text)
    except RecursionError:
        raise ConfigurationError("The JMESPath is nested too deeply.") from None
    except jmespath.exceptions.JMESPathError as error:
        raise ConfigurationError(f"`{text}` is not JMESPath: {str(error).splitlines()[0]}") from None


def search(text: str, data: Any) -> Any:
    """Return what an expression finds; None when it cannot be applied to this data."""
    import jmespath

    try:
        return jmespath.search(text, data)
    # A function met what it does not take: jmespath raises whatever Python does then.
    except (
        jmespath.exceptions.JMESPathError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return None
