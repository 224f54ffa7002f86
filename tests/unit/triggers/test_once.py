"""No second sending: what a triggerer that takes over may do."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.xcom import XCom

from hookline.http.call import Call
from hookline.triggers.once import MARK, AlreadySent, Once
from tests.conformance.http.lanes import Log


@pytest.fixture
def xcoms(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The XComs of the task, where the supervisor would put them."""
    kept: dict[str, Any] = {}

    async def push(*, key: str, value: Any, **_of: Any) -> None:
        kept[key] = value

    async def pull(*, key: str, **_of: Any) -> Any:
        return kept.get(key)

    monkeypatch.setattr(XCom, "aset", push)
    monkeypatch.setattr(XCom, "aget_one", pull)
    return kept


def once(call: Call, attempt: int = 1) -> tuple[Once, Log]:
    instance = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=attempt)
    log = Log()
    return Once(instance, call, log), log


def send(call: Call, attempt: int = 1, times: int = 1) -> list[str]:
    """Send as one triggerer does; return what the log says."""
    made, log = once(call, attempt)

    async def sends() -> None:
        for _ in range(times):
            await made.before_sending()

    asyncio.run(sends())
    return log.said


POST = Call("POST")


@pytest.mark.parametrize("method", ["POST", "PATCH", "post"])
def test_a_request_that_may_not_be_repeated_leaves_a_mark(xcoms: dict[str, Any], method: str) -> None:
    assert send(Call(method)) == []
    assert xcoms == {MARK: 1}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_one_that_may_leaves_none(xcoms: dict[str, Any], method: str) -> None:
    for _ in range(2):
        assert send(Call(method)) == []
    assert xcoms == {}


@pytest.mark.usefixtures("xcoms")
def test_another_triggerer_does_not_send_it_again() -> None:
    send(POST)
    with pytest.raises(AlreadySent, match=r"is not sent again\. Set idempotency_key"):
        send(POST)


@pytest.mark.parametrize(
    "call",
    [Call("POST", idempotency_key="k"), Call("POST", headers={"idempotency-KEY": "k"})],
    ids=["key", "header"],
)
@pytest.mark.usefixtures("xcoms")
def test_with_a_key_it_does_and_says_so(call: Call) -> None:
    send(call)
    assert send(call) == ["Sent again with the same Idempotency-Key: a triggerer went away during the call"]


@pytest.mark.usefixtures("xcoms")
def test_the_same_triggerer_sends_as_often_as_it_wants() -> None:
    assert send(POST, times=3) == []


def test_another_try_of_the_task_is_another_request(xcoms: dict[str, Any]) -> None:
    send(POST, attempt=1)
    assert send(POST, attempt=2) == []
    assert xcoms == {MARK: 2}
