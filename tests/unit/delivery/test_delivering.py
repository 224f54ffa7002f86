"""What is in the outbox arrives, and what became of it is recorded; on both databases."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from hookline.delivery.loop import Deliverer
from hookline.delivery.settings import Settings
from hookline.outbox import store
from hookline.outbox.message import Endpoint
from hookline.outbox.models import CANCELLED, DEAD, DELIVERED, HELD, PENDING
from hookline.protocol.breaker import Rules
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.receiver import Answer, Receiver
from tests.unit.delivery.running import QUICK, add, all_in, attempts, endpoint, inside, row, rows, run
from tests.unit.outbox.messages import NOW, message

pytestmark = pytest.mark.usefixtures("outbox")


def answers(*statuses: int) -> Any:
    """Answer each request with the next of the statuses, then always with the last."""
    left = list(statuses)

    def answer(_sent: Any) -> Answer:
        return Answer(left.pop(0) if len(left) > 1 else left[0], {"Location": "/elsewhere"})

    return answer


def test_a_message_arrives_as_it_was_given(receiver: Receiver, connect: Connect) -> None:
    connect(headers={"X-Tenant": "north"})
    payload = {"type": "task.completed", "data": {"text": "ü 💌 \u0000"}}
    where = Endpoint(conn_id="crm", path="/hooks?a=1", method="PUT", headers={"X-Kind": "order"})
    add(message(1, payload=payload, endpoint=where))

    run(all_in(DELIVERED))

    (sent,) = receiver.sent
    assert json.loads(sent.body) == payload
    assert (sent.path, sent.id) == ("/hooks?a=1", "msg_00000001")
    assert sent.headers["content-type"] == "application/json"
    assert (sent.headers["x-tenant"], sent.headers["x-kind"]) == ("north", "order")
    (attempt,) = attempts(1)
    assert (attempt.status, attempt.error, row(1).attempts, row(1).failures) == (200, None, 1, 0)
    assert row(1).ended_at is not None


def test_each_attempt_is_one_line_of_the_log(receiver: Receiver, connect: Connect) -> None:
    connect(password="a-secret-of-the-receiver", auth_type="bearer")
    receiver.answer = answers(500, 200)
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    add(message(1, endpoint=Endpoint(conn_id="crm", path="/hooks", headers=trace)))

    with capture_logs() as lines:
        run(all_in(DELIVERED))

    told = [line for line in lines if line["event"] == "attempt"]
    assert [(line["attempt"], line["status"], line["decision"]) for line in told] == [
        (1, 500, "again"),
        (2, 200, "delivered"),
    ]
    assert {line["delivery"] for line in told} == {"msg_00000001"}
    assert {line["endpoint"] for line in told} == {"crm /hooks"}
    assert {line["trace_id"] for line in told} == {"0af7651916cd43dd8448eb211c80319c"}
    assert [sent.headers["traceparent"] for sent in receiver.sent] == [trace["traceparent"]] * 2
    assert "a-secret-of-the-receiver" not in str(lines)


def test_a_url_needs_no_connection(
    receiver: Receiver, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__ALLOWED_NETWORKS", "127.0.0.1")
    add(message(endpoint=Endpoint(url=f"{receiver.url}/hooks")))
    run(all_in(DELIVERED))
    assert [sent.path for sent in receiver.sent] == ["/hooks"]


def test_many_messages_arrive_once_each_with_two_deliverers(receiver: Receiver, connect: Connect) -> None:
    connect()
    add(*(message(number, endpoint=Endpoint(conn_id="crm", path=f"/{number % 7}")) for number in range(300)))

    run(all_in(DELIVERED), replicas=2)

    assert len(receiver.sent) == 300
    assert len({sent.id for sent in receiver.sent}) == 300


def test_a_failure_is_tried_again_with_the_same_id(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = answers(500, 302, 200)
    add(message())

    run(all_in(DELIVERED))

    assert [attempt.status for attempt in attempts()] == [500, 302, 200]
    assert "redirects are not followed" in attempts()[1].error
    assert {sent.id for sent in receiver.sent} == {"msg_00000000"}
    assert (row().attempts, row().failures) == (3, 2)


def test_after_the_schedule_a_delivery_is_dead_and_can_be_replayed(
    receiver: Receiver, connect: Connect
) -> None:
    connect()
    receiver.answer = answers(500)
    add(message())
    run(all_in(DEAD))
    assert row().reason.startswith("given up after 4 attempts; POST")
    assert "500" in row().reason

    receiver.answer = answers(200)
    inside(lambda session: store.replay(session, [row().seq], NOW))
    run(all_in(DELIVERED))

    assert (row().attempts, row().failures) == (5, 0)
    assert {sent.id for sent in receiver.sent} == {"msg_00000000"}


def test_410_disables_the_endpoint_and_keeps_the_messages(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = answers(410)
    add(message(1))
    run(all_in(HELD))
    add(message(2))

    run(all_in(HELD))

    assert len(receiver.sent) == 1
    assert endpoint().state == "disabled"
    assert "410" in endpoint().reason
    assert "its endpoint is disabled" in row(2).reason

    receiver.answer = answers(200)
    inside(lambda session: store.enable(session, endpoint().key, NOW))
    run(all_in(DELIVERED))
    assert endpoint().state == "closed"


def test_the_breaker_opens_probes_and_closes(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = answers(500, 500, 500, 200)
    settings = replace(QUICK, schedule=(0.01,) * 20, rules=Rules(failures=2, pause=0.3), per_endpoint=1)
    add(*(message(number) for number in range(10)))

    run(lambda: endpoint().state == "open", settings)
    assert len(receiver.sent) == 2
    assert "500" in endpoint().reason
    assert endpoint().probe_at is not None
    run(all_in(DELIVERED), settings)

    assert endpoint().state == "closed"
    assert len(receiver.sent) == 3 + 10


def test_an_endpoint_that_never_answers_is_disabled(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = answers(500)
    rules = Rules(failures=2, pause=0.05, disable_after=0.5)
    add(message(1), message(2))

    run(all_in(HELD), replace(QUICK, schedule=(0.01,) * 50, rules=rules))

    assert endpoint().state == "disabled"
    assert "nothing arrived for" in endpoint().reason


def test_messages_arrive_in_order_where_that_is_asked_for(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = answers(500, 200, 500, 200)
    add(*(message(number, endpoint=Endpoint(conn_id="crm", ordered=True)) for number in range(20)))

    run(all_in(DELIVERED), replicas=2)

    arrived = [int(sent.id[-2:]) for sent in receiver.sent]
    assert sorted(arrived) == arrived
    assert len(arrived) == 22


def test_retry_after_is_respected_by_all_that_wait(receiver: Receiver, connect: Connect) -> None:
    connect()
    receiver.answer = lambda sent: Answer(429, {"Retry-After": "60"})
    add(message(1))
    run(lambda: endpoint().state == "open")
    add(message(2))

    run(lambda: row(1).attempts == 1 and endpoint().state == "open")

    assert len(receiver.sent) == 1
    assert (row(1).due_at - attempts(1)[0].started_at).total_seconds() >= 60


def test_the_rate_of_a_connection_is_kept_by_all_deliverers(receiver: Receiver, connect: Connect) -> None:
    connect(rate_limit="5/minute")
    add(*(message(number) for number in range(12)))

    run(lambda: len(receiver.sent) >= 5, replicas=2)

    assert len(receiver.sent) == 5
    assert [one.state for one in rows()].count(PENDING) == 7


def test_what_hangs_for_one_endpoint_delays_no_other(receiver: Receiver, connect: Connect) -> None:
    connect()
    let_go = threading.Event()

    def answer(sent: Any) -> Answer:
        if sent.path == "/hangs":
            let_go.wait(10)
        return Answer()

    receiver.answer = answer
    add(*(message(number, endpoint=Endpoint(conn_id="crm", path="/hangs")) for number in range(100)))
    add(*(message(number, endpoint=Endpoint(conn_id="crm", path="/well")) for number in range(100, 200)))

    def arrived() -> bool:
        if any(one.state != DELIVERED for one in rows() if one.endpoint == "crm /well"):
            return False
        hanging = sum(sent.path == "/hangs" for sent in receiver.sent)
        let_go.set()
        assert hanging == 4
        return True

    run(arrived, Settings(schedule=(), in_flight=8, per_endpoint=4, timeout=10))


def test_a_message_that_is_too_large_is_kept_with_the_reason(receiver: Receiver, connect: Connect) -> None:
    connect()
    add(message(payload={"text": "a" * 2000}))
    run(all_in(DEAD), replace(QUICK, most_bytes=1000))
    assert not receiver.sent
    assert "over the 1000 bytes" in row().reason
    assert endpoint().failures == 0


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        (
            Endpoint(conn_id="crm", auth="hmac"),
            "wants auth hmac, and the Connection `crm` has",
        ),
        (Endpoint(url="http://127.0.0.1:9/hooks"), "is not a public address"),
    ],
    ids=["another auth", "an address that is not public"],
)
def test_what_is_set_up_wrong_fails_with_the_reason(
    receiver: Receiver, connect: Connect, endpoint: Endpoint, says: str
) -> None:
    connect()
    add(message(endpoint=endpoint))
    run(all_in(DEAD))
    assert says in row().reason
    assert len(attempts()) == 4
    assert not receiver.sent


def test_nobody_listening_is_a_failed_attempt(connect: Connect) -> None:
    connect(host="http://127.0.0.1:1")
    add(message())
    run(all_in(DEAD))
    assert "connection refused" in row().reason


def test_an_answer_is_kept_in_part_and_without_secrets(receiver: Receiver, connect: Connect) -> None:
    connect(password="s3cret-token", auth_type="bearer")
    receiver.answer = lambda sent: Answer(
        200,
        {"Set-Cookie": "a=b", "X-Echo": "s3cret-token"},
        sent.headers["authorization"].encode() + b"\x00" + b"x" * 100_000,
    )
    add(message())
    run(all_in(DELIVERED))
    (attempt,) = attempts()
    assert attempt.response_body.startswith("***\ufffdxxx")
    assert len(attempt.response_body) == 4096
    assert json.loads(attempt.response_headers)["set-cookie"] == "***"
    assert "s3cret" not in "".join(map(str, attempt))


def test_a_cancelled_delivery_is_not_sent(receiver: Receiver, connect: Connect) -> None:
    connect()
    add(message(1), message(2))
    inside(lambda session: store.cancel(session, [row(1).seq], NOW))
    run(all_in(DELIVERED, CANCELLED))
    assert [sent.id for sent in receiver.sent] == ["msg_00000002"]


def test_what_is_added_in_the_same_process_is_sent_at_once(receiver: Receiver, connect: Connect) -> None:
    connect()

    async def main() -> None:
        deliverer = Deliverer(QUICK, poll=60)
        running = asyncio.create_task(deliverer.run())
        await asyncio.sleep(0.5)  # it has looked, and found nothing
        await asyncio.to_thread(add, message())
        await asyncio.to_thread(deliverer.wake)
        async with asyncio.timeout(10):
            while not receiver.sent:
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())

    assert row().state == DELIVERED
