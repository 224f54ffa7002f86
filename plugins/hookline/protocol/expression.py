"""JMESPath expressions in a source's options (https://jmespath.org/specification.html)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from hookline.exceptions import ConfigurationError

MAX_GROWTH = 1000
MAX_CHARS = 16 * 1024 * 1024
"""Of a text that is joined."""
ESCAPED = 2
"""Characters that a character may become in a JSON text."""
_CHAINS = frozenset(
    {
        *("pipe", "subexpression", "index_expression"),
        *("projection", "value_projection", "filter_projection"),
    }
)
"""What is applied to what was made before."""


def check(text: str) -> None:
    """Compile an expression.

    :raises ConfigurationError: it does not compile, calls a function that there is not, or makes too much of
        what it is given.
    """
    import jmespath

    try:
        _check(jmespath.compile(text).parsed)
    except RecursionError:
        raise ConfigurationError("The JMESPath is nested too deeply.") from None
    except jmespath.exceptions.JMESPathError as error:
        raise ConfigurationError(f"`{text}` is not JMESPath: {str(error).splitlines()[0]}") from None


def _check(node: Mapping[str, Any]) -> None:
    from jmespath.functions import Functions

    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one["type"] == "function_expression" and one["value"] not in Functions.FUNCTION_TABLE:
            known = ", ".join(sorted(Functions.FUNCTION_TABLE))
            raise ConfigurationError(f"JMESPath has no function `{one['value']}`; it has {known}.")
        waiting += [child for child in one["children"] if isinstance(child, dict)]
    if _growth(node) > MAX_GROWTH:
        raise ConfigurationError(
            f"The JMESPath may make more than {MAX_GROWTH} times of what it is given; make less of it."
        )


def _growth(node: Mapping[str, Any]) -> int:
    """Return how many times as much as it is given an expression may make, at most.

    Without a bound a short one makes more than any machine can hold: ``[@,@]|[@,@]|[@,@]|…``
    """
    children = [child for child in node["children"] if isinstance(child, dict)]
    parts = [_growth(child) for child in children]
    if node["type"] in _CHAINS or any(child["type"] == "expref" for child in children):
        return math.prod(parts)
    made = max(1, sum(parts))
    return made * ESCAPED if node["type"] == "function_expression" and node["value"] == "to_string" else made


def search(text: str, data: Any) -> Any:
    """Return what an expression finds; None when it cannot be applied to this data."""
    import jmespath

    try:
        return jmespath.search(text, data, options=_options())
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


@cache
def _options() -> Any:
    from jmespath import Options
    from jmespath.functions import Functions, signature

    class Bounded(Functions):
        """JMESPath's functions, of which one could make a text of any length from a short one."""

        @signature({"types": ["string"]}, {"types": ["array-string"]})
        def _func_join(self, between: str, parts: list[str]) -> str:
            if len(between) * len(parts) + sum(map(len, parts)) > MAX_CHARS:
                raise ValueError("too long")
            return between.join(parts)

    return Options(custom_functions=Bounded())
