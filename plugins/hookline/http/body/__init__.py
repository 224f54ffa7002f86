"""The body of a request from Python values, by body type.

===============  =========================================================================================
``json``         any value, see :mod:`hookline.http.body.json`
``urlencoded``   an object of fields; a list repeats its name
``form_data``    an object of fields and files, see :mod:`hookline.http.body.multipart`
``raw``          text, bytes or one file, as it is
===============  =========================================================================================

A field that is None is sent as null, or left out with ``send_null=False``:

===============  ===============================  ========================================================
body type        ``send_null=True``               ``send_null=False``
===============  ===============================  ========================================================
``json``         ``null``                         left out, in depth; an item of a list stays ``null``
``urlencoded``   ``name=``                        left out
``form_data``    a part without content           left out
``raw``          no body                          no body
===============  ===============================  ========================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http.body import form, json, multipart, raw
from hookline.http.body.content import Content, File
from hookline.http.body.json import MAX_DEPTH, plain

__all__ = ["BODY_TYPES", "MAX_DEPTH", "Content", "File", "encode", "plain"]

_ENCODERS: Mapping[str, Callable[[Any, bool, Mapping[str, str]], Content]] = {
    "json": json.encode,
    "urlencoded": form.encode,
    "form_data": multipart.encode,
    "raw": raw.encode,
}
BODY_TYPES = tuple(_ENCODERS)


def encode(
    body_type: str, value: Any, *, send_null: bool = True, fields: Mapping[str, str] | None = None
) -> Content:
    """Encode ``value``.

    :param fields: added at the top, for authentication.
    :raises ConfigurationError: the body type cannot carry the value; the message names the place.
    """
    if body_type not in _ENCODERS:
        raise ConfigurationError(f"body_type is {body_type!r}; it is one of {', '.join(BODY_TYPES)}")
    return _ENCODERS[body_type](value, send_null, fields or {})
