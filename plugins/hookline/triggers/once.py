"""No second sending after a triggerer went away in the middle of a call.

Another triggerer runs the whole trigger again. A request that may not be repeated therefore leaves a mark
before it is sent: an XCom of its task that names the try.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hookline.http.idempotency import has_key
from hookline.http.retry import IDEMPOTENT
from hookline.triggers import outputs

if TYPE_CHECKING:
    from hookline.http.call import Call

MARK = "hookline_sending"


class AlreadySent(Exception):
    """The request was begun by a triggerer that is gone, and may not be repeated."""


class Once:
    """Remembers over triggerers that a try of a task began to send.

    :param instance: the task instance.
    """

    def __init__(self, instance: Any, call: Call, log: Any) -> None:
        self._instance = instance
        self._call = call
        self._log = log
        self._marked = call.method.upper() in IDEMPOTENT

    async def before_sending(self) -> None:
        """Leave the mark, once.

        :raises AlreadySent: it is there already, and the call has no ``Idempotency-Key``.
        """
        if self._marked:
            return
        self._marked = True
        instance = self._instance
        if await outputs.pull(instance, MARK) != instance.try_number:
            await outputs.push(instance, MARK, instance.try_number)
            return
        if self._call.idempotency_key is None and not has_key(self._call.headers):
            raise AlreadySent(
                f"{self._call.method} was being sent when its triggerer went away; it may have been carried "
                "out and is not sent again. Set idempotency_key if the other side knows repeated requests"
            )
        self._log.info("Sent again with the same Idempotency-Key: a triggerer went away during the call")
