"""Files of object storage in a body.

A file is an :class:`Attachment`, an ``ObjectStoragePath`` or bytes, as the Dag's author wrote it. Data never
is one, whatever it looks like: an event that says ``{"path": "/etc/passwd"}`` would have it sent.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hookline.exceptions import ConfigurationError
from hookline.http.body import File

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

ATTACHMENT = "__attachment__"
_SAVED = frozenset({"path", "name", "content_type", "size", "sha256"})
_ANSWER = frozenset({"status", "headers", "body"})
BLOCK_BYTES = 5 * 2**20
"""What a storage's client holds at a time: s3fs alone would take 50 MiB, and S3 takes no part under 5 MiB."""
_LOCAL = ("file://", "local://")


class Attachment:
    """A file to send, from object storage; templated.

    :param path: URL such as ``s3://bucket/report.pdf``, an absolute path of the worker, or the output of a
        task that saved an answer there (``download.output``).
    :param name: shown to the other side; the saved file's, or the last part of the path, without it.
    :param content_type: the saved file's, or guessed by the name, without it.
    :param conn_id: Connection of the storage.
    """

    template_fields: Sequence[str] = ("path", "name", "content_type", "conn_id")

    def __init__(
        self, path: Any, name: str | None = None, content_type: str | None = None, conn_id: str | None = None
    ) -> None:
        self.path = path
        self.name = name
        self.content_type = content_type
        self.conn_id = conn_id

    def to_json(self) -> dict[str, Any]:
        """Return what travels to the triggerer in its place; nothing that is rendered can become this."""
        return {ATTACHMENT: [getattr(self, name) for name in self.template_fields]}

    def located(self) -> tuple[Any, str | None, str | None, str | None]:
        """Return path, name, content type and storage Connection of a rendered attachment.

        :raises ConfigurationError: a task's output that is no saved file.
        """
        if not isinstance(self.path, Mapping):
            return self.path, self.name, self.content_type, self.conn_id
        saved = self.path["body"] if self.path.keys() == _ANSWER else self.path
        if not isinstance(saved, Mapping) or saved.keys() - {"conn_id"} != _SAVED:
            raise ConfigurationError(
                "an attachment is the output of a task that saved no file; give that task save_to"
            )
        return (
            saved["path"],
            self.name or saved["name"],
            self.content_type or saved["content_type"],
            self.conn_id or saved.get("conn_id"),
        )


def place(path: Any, conn_id: str | None = None) -> ObjectStoragePath:
    """Return where ``path`` is.

    :raises ConfigurationError: no storage of this kind is known, or a ``..`` leads out of what was meant.
    """
    from airflow.sdk import ObjectStoragePath

    if ".." in str(path).replace("\\", "/").split("/"):
        raise ConfigurationError("a path in object storage holds a .. segment; write it out")
    try:
        found: ObjectStoragePath = (
            path if isinstance(path, ObjectStoragePath) else ObjectStoragePath(path, conn_id=conn_id)
        )
        _ = found.fs
    except (ValueError, TypeError, ImportError) as error:
        raise ConfigurationError(f"{str(path)[:200]!r} is no path in object storage: {error}") from None
    return found


def attachments(body: Any) -> Iterator[Attachment]:
    """Yield the attachments of a body."""
    if isinstance(body, Attachment):
        yield body
    elif isinstance(body, Mapping):
        for item in body.values():
            yield from attachments(item)
    elif isinstance(body, list | tuple):
        for item in body:
            yield from attachments(item)


def resolve(body: Any, body_type: str) -> Any:
    """Return ``body`` with its files as :class:`hookline.http.body.File`.

    :raises ConfigurationError: a file that does not exist, or an attachment that is none.
    """
    if body_type == "raw":
        return _file(body) or body
    if body_type != "form_data" or not isinstance(body, Mapping):
        return body
    return {name: _field(value) for name, value in body.items()}


def is_local(value: Any) -> bool:
    """Tell whether a body holds bytes, or a file of the machine that it is made on.

    An attachment whose path is not known yet, a template or another task's output, is none.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return True
    if isinstance(value, Attachment):
        path = value.located()[0] if isinstance(value.path, Mapping) else value.path
        return (isinstance(path, str) or _is_path(path)) and _is_local_path(str(path))
    if isinstance(value, Mapping):
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
        return _of_path(*value.located())
    if _is_path(value):
        return _of_path(value, None, None, None)
    return None


def _of_path(path: Any, name: str | None, content_type: str | None, conn_id: str | None) -> File:
    found = place(path, conn_id)
    try:
        about = found.stat()
    except FileNotFoundError:
        raise ConfigurationError(f"the file {found} does not exist") from None
    if about["type"] == "directory":
        raise ConfigurationError(f"{found} is a folder; an attachment is one file")
    shown = name or found.name
    return File(
        shown,
        content_type or mimetypes.guess_type(shown)[0] or "application/octet-stream",
        lambda: cast("BinaryIO", found.open("rb", block_size=BLOCK_BYTES)),
        about["size"],
    )


def _is_path(value: Any) -> bool:
    # By name: importing the class costs, and nearly every value is something else.
    return any(cls.__name__ == "ObjectStoragePath" for cls in type(value).__mro__)


def _is_local_path(path: str) -> bool:
    return path.lower().startswith(_LOCAL) or ("://" not in path and "{{" not in path)
