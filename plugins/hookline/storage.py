"""Object storage, for what does not fit an event or a message.

An event's objects are written before its commit and removed if there is none. One that is left over belongs
to an event that was never committed: the process ended, or the storage was away, before it could be removed.
Nothing refers to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog

from hookline.exceptions import HooklineError
from hookline.protocol import extent

if TYPE_CHECKING:
    from hookline.protocol.claims import Claim

log = structlog.get_logger(__name__)


class StorageUnavailable(HooklineError):
    """The storage gave an error instead of taking an object."""


def put(claims: Iterable[Claim]) -> None:
    """Write objects; blocking. Either all are there afterwards, or none that could be removed.

    :raises StorageUnavailable: the storage does not take them.
    """
    begun: list[str] = []
    try:
        for claim in claims:
            begun.append(claim.path)
            place = _place(claim.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as stream:
                for piece in extent.pieces(claim.content):
                    stream.write(piece)
    except Exception as error:  # noqa: BLE001  file systems raise whatever their client library raises
        remove(begun)
        log.warning("storage not written", path=begun[-1], error=type(error).__name__)
        raise StorageUnavailable(
            f"[hookline] storage_path: the storage raised {type(error).__name__}."
        ) from None


def remove(paths: Iterable[str]) -> None:
    """Remove objects; blocking. What cannot be removed is named in the log."""
    for path in paths:
        try:
            _place(path).unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001  file systems raise whatever their client library raises
            log.warning("object left over", path=path, error=type(error).__name__)


def signed(path: str, seconds: int) -> str | None:
    """Return an address at which whoever has it can download an object; blocking.

    S3, Google Cloud Storage and Azure sign such addresses themselves.

    :param seconds: for which it works.
    :returns: None where the storage has none, or its credentials cannot sign.
    """
    try:
        return str(_place(path).sign(expiration=seconds))
    except NotImplementedError:
        return None
    except Exception as error:  # noqa: BLE001  file systems raise whatever their client library raises
        log.warning("address not signed", path=path, error=type(error).__name__)
        return None


def _place(path: str) -> Any:
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(path)
