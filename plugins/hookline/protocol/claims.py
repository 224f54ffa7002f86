"""Where what does not fit an event or a message goes in object storage, and what stands for it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid6

from hookline.protocol import extent, reference
from hookline.protocol.extent import Content
from hookline.protocol.formats.document import Document, File
from hookline.protocol.problem import TOO_LARGE, Rejected

INLINE_BYTES = 256 * 1024
"""Data up to this size travels in the event."""
MAX_NAME = 255
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
NO_STORAGE = "the operator has to set `[hookline] storage_path` to object storage that workers can read."


@dataclass(frozen=True, slots=True)
class Claim:
    """An object to store before its event is.

    :param path: URL below ``[hookline] storage_path``.
    """

    path: str
    content: Content


def checked_in(
    document: Document, *, root: str, source: str, received_at: datetime
) -> tuple[str, dict[str, Any], tuple[Claim, ...]]:
    """Return the data's JSON text, what to add to the event's ``hookline``, and the objects to store.

    :param root: ``[hookline] storage_path``; empty where there is none.
    :raises Rejected: there are files, or too much data, and no storage.
    """
    text = document.text
    # Four bytes a character at most: nearly every event is spared the encoding.
    large = len(text) * 4 > INLINE_BYTES and len(text.encode()) > INLINE_BYTES
    if not large and not document.files:
        return text, {}, ()
    if not root:
        what = "Files need" if document.files else f"Data of more than {INLINE_BYTES} bytes needs"
        raise Rejected(TOO_LARGE, f"{what} a place: {NO_STORAGE}")
    day = f"{reference.folder(root)}{source}/{received_at:%Y/%m/%d}"
    extension: dict[str, Any] = {}
    claims: list[Claim] = []
    if large:
        content = text.encode()
        described = _described(content)
        claims.append(Claim(f"{day}/{uuid6.uuid7()}.json", content))
        extension["dataref"] = {"path": claims[-1].path, **described, "content_type": "application/json"}
        text = json.dumps({"dataref": claims[-1].path, **described, "datacontenttype": "application/json"})
    for file in document.files:
        claims.append(Claim(f"{day}/{uuid6.uuid7()}{_suffix(file.name)}", file.content))
        extension.setdefault("files", []).append(_file(file, claims[-1]))
    return text, extension, tuple(claims)


def of_message(
    message: bytes, *, root: str, delivery_id: str, added_at: datetime
) -> tuple[dict[str, Any], Claim]:
    """Return what stands for a message that is too large to be sent, and the object to store.

    The object is the same for every attempt.

    :param message: JSON.
    :param root: ``[hookline] storage_path``.
    """
    path = f"{root.rstrip('/')}/{reference.MESSAGES}/{added_at:%Y/%m/%d}/{delivery_id}.json"
    stands = {"dataref": path, **_described(message), "datacontenttype": "application/json"}
    return stands, Claim(path, message)


def _file(file: File, claim: Claim) -> dict[str, Any]:
    return {
        "name": "".join(filter(str.isprintable, file.name))[:MAX_NAME],
        "content_type": file.content_type,
        **_described(claim.content),
        "path": claim.path,
        "field": file.field,
    }


def _described(content: Content) -> dict[str, Any]:
    digest = hashlib.sha256()
    for piece in extent.pieces(content):
        digest.update(piece)
    return {"size": extent.size(content), "sha256": digest.hexdigest()}


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0].lower() if found else ""
