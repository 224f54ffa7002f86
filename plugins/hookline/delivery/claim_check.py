"""A message that is too large to be sent goes into object storage, and a reference to it to the receiver."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from hookline import storage
from hookline.database import autocommit
from hookline.outbox.message import MOST_BYTES
from hookline.outbox.models import Delivery
from hookline.protocol import claims
from hookline.steps.transition import event_type
from hookline.storage import StorageUnavailable

SIGNED_SECONDS = 86_400
"""For which an address works; each attempt has another one."""
THREADS = 2
"""Each holds one message."""


class TooLarge(Exception):
    """The message is larger than any may be."""


class ClaimCheck:
    """Gives what is sent of a delivery.

    :param most: bytes of a message.
    :param root: ``[hookline] storage_path``; empty where there is none.
    :param seconds: within which a message must be stored.
    """

    def __init__(self, most: int, root: str, seconds: float) -> None:
        self._most = most
        self._root = root
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hookline-messages")

    def is_large(self, row: Any) -> bool:
        """Tell whether a delivery's message, which is cut then, has to be stored first."""
        return len(row.payload) > self._most

    async def message(self, row: Any) -> str:
        """Return the message, or what stands for it.

        :param row: of :class:`~hookline.outbox.models.Delivery`, the payload at most one byte too long.
        :raises TooLarge: there is no storage, or the message is larger than any may be.
        :raises StorageUnavailable: the storage does not take it, or not in time.
        """
        if not self.is_large(row):
            return str(row.payload)
        if not self._root:
            raise TooLarge(
                f"the message is over the {self._most} bytes of [hookline] delivery_max_bytes; send less, "
                "raise it, or set [hookline] storage_path to send a reference, and replay the delivery"
            )
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, self._stored, row)
        except TimeoutError:
            raise StorageUnavailable(
                f"[hookline] storage_path: the message was not stored within {self._seconds:g} s"
            ) from None
        except SQLAlchemyError as error:
            raise StorageUnavailable(f"the message could not be read ({type(error).__name__})") from None

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _stored(self, row: Any) -> str:
        with autocommit() as connection:
            whole = select(func.substr(Delivery.payload, 1, MOST_BYTES + 1)).where(Delivery.seq == row.seq)
            message = str(connection.execute(whole).scalar_one()).encode()
        if len(message) > MOST_BYTES:
            raise TooLarge(f"the message is over the {MOST_BYTES} bytes that any may have; send less")
        stands, claim = claims.of_message(
            message, root=self._root, delivery_id=row.delivery_id, added_at=row.added_at
        )
        storage.put([claim])
        address = storage.signed(claim.path, SIGNED_SECONDS)
        return json.dumps(
            {
                "type": event_type(row.transition),
                "timestamp": row.occurred_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "data": stands | ({"url": address} if address else {}),
            },
            separators=(",", ":"),
        )
