"""Saving the body of an answer to object storage while it arrives."""

from __future__ import annotations

import hashlib
import posixpath
import re
import uuid
from collections.abc import Mapping
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from hookline.exceptions import UnsavedAnswer
from hookline.hooks.storage import BLOCK_BYTES, place
from hookline.http.answer import is_binary
from hookline.http.headers import bounded
from hookline.http.sink import Sink, SinkFor

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from hookline.hooks.arguments import Task

_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
MAX_NAME_BYTES = 200


def saving(save_to: Any, task: Task | None = None) -> SinkFor | None:
    """Return how to save a body; None if it is to be read.

    :param save_to: URL or ``ObjectStoragePath``. What ends in ``/`` is a folder: the file is named as
        ``Content-Disposition`` says (RFC 6266), or as the last part of the address. Without it, bodies that
        are no text go below ``[hookline] storage_path``, where that is set.
    :param task: whose answer it is.
    :raises ConfigurationError: ``save_to`` is no place in object storage.
    """
    if save_to:
        given = str(save_to)
        conn_id = getattr(save_to, "conn_id", None)
        place(given, conn_id)  # what is wrong with it is said before anything is sent
        return lambda url, _status, headers: StorageSink(given, conn_id, url, headers)
    folder = _default_folder(task)
    if folder is None:
        return None
    return lambda url, _status, headers: (
        StorageSink(folder, None, url, headers) if is_binary(headers.get("content-type")) else None
    )


class StorageSink(Sink):
    """Writes to a neighbour of the file, and moves that when all is there.

    What can go wrong with the storage raises :class:`~hookline.exceptions.UnsavedAnswer`.
    """

    def __init__(self, save_to: str, conn_id: str | None, url: str, headers: Mapping[str, str]) -> None:
        self._place: ObjectStoragePath = place(save_to, conn_id)
        if save_to.endswith("/") or _is_folder(self._place):
            self._place = place(f"{save_to.rstrip('/')}/{_name(url, headers)}", conn_id)
        self._part = self._place.parent / f".{uuid.uuid4().hex}.part"
        self._content_type = headers.get("content-type", "application/octet-stream")
        self._size = 0
        self._digest = hashlib.sha256()
        try:
            self._stream: Any = self._opened()
        except OSError as error:
            raise _unusable(self._place, error) from None

    def _opened(self) -> Any:
        try:
            return self._part.open("wb", block_size=BLOCK_BYTES)
        except FileNotFoundError:
            # Only then: where folders are names, making one may make a bucket.
            self._place.fs.makedirs(self._place.parent.path, exist_ok=True)
            return self._part.open("wb", block_size=BLOCK_BYTES)

    def write(self, chunk: bytes) -> None:
        """Take the next piece."""
        self._size += len(chunk)
        self._digest.update(chunk)
        try:
            self._stream.write(chunk)
        except OSError as error:
            raise _unusable(self._place, error) from None

    def close(self) -> dict[str, Any]:
        """Keep the file; return ``{"path", "name", "content_type", "size", "sha256"}``, fit to be sent again.

        With ``conn_id``, if the storage has one.
        """
        try:
            self._stream.close()
            self._part.fs.mv(self._part.path, self._place.path)
        except OSError as error:
            self.abort()
            raise _unusable(self._place, error) from None
        conn_id = self._place.conn_id
        return {
            **({"conn_id": conn_id} if conn_id else {}),
            "path": str(self._place),
            "name": self._place.name,
            "content_type": self._content_type,
            "size": self._size,
            "sha256": self._digest.hexdigest(),
        }

    def abort(self) -> None:
        """Leave nothing behind."""
        import contextlib

        with contextlib.suppress(Exception):
            self._stream.close()
        with contextlib.suppress(Exception):
            self._part.fs.rm_file(self._part.path)


def _default_folder(task: Task | None) -> str | None:
    from airflow.sdk.configuration import conf

    root = conf.get("hookline", "storage_path", fallback="")
    if not root or task is None:
        return None
    index = "" if task.map_index < 0 else f"{task.map_index}/"
    parts = (task.dag_id, task.run_id, task.task_id)
    return f"{root.rstrip('/')}/answers/{'/'.join(quote(part, safe='') for part in parts)}/{index}"


def _name(url: str, headers: Mapping[str, str]) -> str:
    given = _disposition(headers.get("content-disposition", ""))
    return _fit(given) or _fit(unquote(posixpath.basename(urlsplit(url).path))) or "answer"


def _disposition(value: str) -> str:
    message = Message()
    message["Content-Disposition"] = bounded(value)
    try:
        return message.get_filename() or ""
    except (ValueError, LookupError, TypeError):  # a charset or a number that RFC 2231 does not know
        return ""


def _fit(name: str) -> str:
    name = posixpath.basename(name.replace("\\", "/"))
    end = _UNFIT.sub("_", name).encode("utf-8", "replace")[-MAX_NAME_BYTES:]
    return end.decode("utf-8", "ignore").strip(". ")


def _is_folder(place: ObjectStoragePath) -> bool:
    try:
        return bool(place.fs.isdir(place.path))
    except OSError as error:
        raise _unusable(place, error) from None


def _unusable(place: Any, error: OSError) -> UnsavedAnswer:
    reason = error.strerror or type(error).__name__
    return UnsavedAnswer(f"{place} cannot be written: {reason}; the request was carried out")
