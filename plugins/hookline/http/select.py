"""JMESPath (https://jmespath.org) over the body of an answer. No code is run, unlike with Jinja."""

from __future__ import annotations

from typing import Any

from hookline.exceptions import ConfigurationError, UnexpectedAnswer


def compiled(expression: object) -> str:
    """Return ``expression`` if it is JMESPath.

    :raises ConfigurationError: it is not; the message shows where.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        jmespath.compile(str(expression))
    except (JMESPathError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigurationError(f"{expression!r} is no JMESPath expression: {reason}") from None
    return str(expression)


def select(value: Any, expression: str) -> Any:
    """Return what ``expression`` finds in ``value``, None where it finds nothing.

    :raises UnexpectedAnswer: a function of the expression cannot work on what it was given.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(expression, value)
    except (JMESPathError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        # The library checks types of some functions only; `contains` and `<` raise what Python raises.
        reason = str(error).partition(", received")[0].partition(" for value")[0]
        raise UnexpectedAnswer(f"{expression!r} does not fit the answer: {reason}") from None
