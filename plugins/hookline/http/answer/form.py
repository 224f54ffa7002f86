"""``application/x-www-form-urlencoded``."""

from __future__ import annotations

from urllib.parse import parse_qs

from hookline.exceptions import UnreadableAnswer

MAX_FIELDS = 10_000


def parse(text: str) -> dict[str, str | list[str]]:
    """Return the fields; a repeated name has a list.

    :raises UnreadableAnswer: more than :data:`MAX_FIELDS`.
    """
    try:
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise UnreadableAnswer(f"the answer's form cannot be read: {error}") from None
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
