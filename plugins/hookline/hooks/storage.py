"""Files of object storage in a body, and answers saved there.

A file is an :class:`Attachment`, an ``ObjectStoragePath``, bytes, or what an earlier ``save_to`` returned: a
mapping with ``path`` and, where wanted, ``name``, ``content_type`` and ``conn_id``.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hookline.exceptions import ConfigurationError
from hookline.http.body import File

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

FIELDS = frozenset({"path", "name", "content_type", "conn_id", "size", "sha256"})
_LOCAL = ("file://", "local://")


class Attachment:
    """A file to send, from object storage; templated.

    :param path: URL such as ``s3://bucket/report.pdf``, or an absolute path of the worker.
    :param name: shown to the other side; the last part of the path without it.
    :param content_type: guessed by the name without it.
    :param conn_id: Connection of the storage.
    """

    template_fields: Sequence[str] = ("path", "name", "content_type", "conn_id")

    def __init__(
        self, path: str, name: str | None = None, content_type: str | None = None, conn_id: str | None = None
    ) -> None:
        self.path = path
        self.name = name
        self.content_type = content_type
        self.conn_id = conn_id

    def to_json(self) -> dict[str, str]:
        """Return the mapping that stands for it."""
        fields = {name: getattr(self, name) for name in self.template_fields}
        return {name: value for name, value in fields.items() if value is not None}


def resolve(body: Any, body_type: str) -> Any:
    """Return ``body`` with its files as :class:`hookline.http.body.File`.

    :raises ConfigurationError: a file that does not exist, or a mapping that is none.
    """
    if body_type == "raw":
        return _file(body) or body
    if body_type != "form_data" or not isinstance(body, Mapping):
        return body
    return {name: _field(value) for name, value in body.items()}


def is_local(value: Any) -> bool:
    """Tell whether a body holds bytes, or a file of the machine that it is made on."""
    if isinstance(value, bytes | bytearray | memoryview):
        return True
    if isinstance(value, Attachment):
        return _is_local_path(value.path)
    if isinstance(value, Mapping):
        if _is_file(value):
            return _is_local_path(str(value["path"]))
        return any(is_local(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(is_local(item) for item in value)
    return _is_path(value) and _is_local_path(str(value))


def _field(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return [_file(item) or item for item in value]
    return _file(value) or value


def _file(value: Any) -> File | None:
    if isinstance(value, Attachment):
        return _of_path(value.path, value.name, value.content_type, value.conn_id)
    if isinstance(value, Mapping) and _is_file(value):
        return _of_path(*(value.get(name) for name in ("path", "name", "content_type", "conn_id")))
    if _is_path(value):
        return _of_path(value, None, None, None)
    return None


def _of_path(path: Any, name: str | None, content_type: str | None, conn_id: str | None) -> File:
    from airflow.sdk import ObjectStoragePath

    place: ObjectStoragePath = (
        path if isinstance(path, ObjectStoragePath) else ObjectStoragePath(path, conn_id=conn_id)
    )
    try:
        size = place.stat()["size"]
    except FileNotFoundError:
        raise ConfigurationError(f"the file {place} does not exist") from None
    shown = name or place.name
    return File(
        shown,
        content_type or mimetypes.guess_type(shown)[0] or "application/octet-stream",
        lambda: cast("BinaryIO", place.open("rb")),
        size,
    )


def _is_file(value: Mapping[Any, Any]) -> bool:
    return "path" in value and value.keys() <= FIELDS


def _is_path(value: Any) -> bool:
    # By name: importing the class costs, and nearly every value is something else.
    return any(cls.__name__ == "ObjectStoragePath" for cls in type(value).__mro__)


def _is_local_path(path: str) -> bool:
    return path.startswith(_LOCAL) or "://" not in path
