"""What the event of a run left in object storage: large data, and files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hookline.exceptions import StoredDataLost
from hookline.protocol import reference

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came with an event.

    :param name: as the sender calls it, possibly empty; never to be used as a path unseen.
    :param content_type: as the sender gives it.
    :param size: bytes.
    :param sha256: in hexadecimal.
    :param path: URL in object storage.
    :param field: the form field it came in; None when it was the whole body.
    """

    name: str
    content_type: str
    size: int
    sha256: str
    path: str
    field: str | None = None

    def open(self) -> BinaryIO:
        """Return a binary stream; close it, or use it in a ``with`` statement.

        :raises StoredDataLost: the file is not there any more, or lies where no event's file does.
        """
        try:
            return cast("BinaryIO", _place(self.path).open("rb"))
        except FileNotFoundError:
            raise StoredDataLost(f"The file {self.path} is not there any more.") from None


@dataclass(frozen=True, slots=True)
class StoredData:
    """Data that was too large for the event.

    :param path: URL in object storage of its JSON text.
    """

    path: str
    size: int
    sha256: str

    def load(self) -> Any:
        """Return the data.

        :raises StoredDataLost: it is not there any more, is not what was received, or lies elsewhere.
        """
        try:
            with _place(self.path).open("rb") as stream:
                content = stream.read(self.size + 1)
        except FileNotFoundError:
            raise StoredDataLost(f"The event's data {self.path} is not there any more.") from None
        if len(content) != self.size or hashlib.sha256(content).hexdigest() != self.sha256:
            raise StoredDataLost(f"The event's data {self.path} is not what was received.")
        return json.loads(content)


def data(conf: Mapping[str, Any]) -> Any:
    """Return a run's data, or the :class:`StoredData` that the server wrote of it.

    What merely looks like a reference is the sender's data: following it would read any file.
    """
    described = _extension(conf).get("dataref")
    if not isinstance(described, Mapping):
        return conf["data"]
    return StoredData(*(described[name] for name in ("path", "size", "sha256")))


def files(conf: Mapping[str, Any]) -> tuple[ReceivedFile, ...]:
    """Return the files of a run's event."""
    return tuple(ReceivedFile(**described) for described in _extension(conf).get("files") or ())


def _extension(conf: Mapping[str, Any]) -> Mapping[str, Any]:
    extension = conf.get("hookline")
    return extension if isinstance(extension, Mapping) else {}


def _place(path: str) -> ObjectStoragePath:
    from airflow.sdk import ObjectStoragePath
    from airflow.sdk.configuration import conf

    # Whoever may start a run writes its conf, and must not read the worker's files through it.
    root = str(conf.get("hookline", "storage_path", fallback="")).strip()
    if not root or not path.startswith(reference.folder(root)) or ".." in path.split("/"):
        raise StoredDataLost(
            f"{path} is not below [hookline] storage_path of this worker; set it as on the api-server."
        )
    return ObjectStoragePath(path)
