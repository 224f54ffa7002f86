"""What people look at in the console, on the month of ``month.sql``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from sqlalchemy import create_engine, text

from hookline.api.paging import Place

PAGES, API = "/hooks/console", "/hooks/api/v1"
COMMON, RARE = "source0", "source199"
TYPE, SELDOM = "kind0.changed", "ledger.closed"
DAG = f"{COMMON}.{TYPE}"
DETAILED = 20
"""Every so many events have a run that Airflow still keeps."""


class Look(NamedTuple):
    """One address, and who asks for it.

    :param name: what is looked at, the same whatever the size of the database.
    """

    name: str
    path: str
    role: str = "admin"


def filters(now: datetime, number: int, source: str) -> dict[str, dict[str, str]]:
    """Return the filters that lists of events and jobs have in common.

    :param number: of an event in the middle.
    :param source: its source.
    """
    day = {"since": _moment(now - timedelta(days=20)), "until": _moment(now - timedelta(days=19))}
    return {
        "all": {},
        "common source": {"source": COMMON},
        "rare source": {"source": RARE},
        "common type": {"event_type": TYPE},
        "rare type": {"event_type": SELDOM},
        "held": {"state": "held"},
        "Dag": {"dag_id": DAG},
        "Dag of a rare source": {"dag_id": RARE},
        "event id": {"event_id": f"e{number}"},
        "run": {"run_id": f"webhook__{source}__e{number}"},
        "correlation": {"correlation": f"order-{number // 15}"},
        "a day": day,
        "until long ago": {"until": day["until"]},
        "text": {"text": "customer-77"},
        "text that nothing has": {"text": "nothing-has-this"},
        "text of a rare source": {"text": "nothing-has-this", "source": RARE},
        "source and type": {"source": COMMON, "event_type": TYPE},
        "source and rare type": {"source": COMMON, "event_type": SELDOM},
        "rare source and rare type": {"source": RARE, "event_type": "kind39.changed"},
        "source, type and state": {"source": COMMON, "event_type": "kind39.changed", "state": "held"},
        "source and Dag that never meet": {"source": COMMON, "dag_id": f"source1.{TYPE}"},
        "source, type and a day": {"source": COMMON, "event_type": "kind39.changed", **day},
        "everything": {"source": COMMON, "event_type": TYPE, "dag_id": DAG, "text": "customer-7", **day},
    }


OF_EVENTS = {"dispatched": {"state": "dispatched"}, "quarantined": {"state": "quarantined"}}
OF_JOBS = {
    "done": {"state": "done"},
    "refused": {"state": "refused"},
    "run as its kind": {"kind": "run"},
    "rare kind": {"kind": "manual"},
    "rare kind and source": {"kind": "manual", "source": COMMON},
}
OF_MESSAGES = {
    "all": {},
    "delivered": {"state": "delivered"},
    "dead": {"state": "dead"},
    "Dag": {"dag_id": DAG},
    "Dag of a rare source": {"dag_id": RARE},
    "task": {"dag_id": DAG, "task_id": "tell"},
    "task that sent nothing": {"dag_id": "source60", "task_id": "nothing"},
    "webhook": {"webhook": "told0"},
    "rare webhook": {"webhook": "told49"},
    "receiver": {"endpoint": "crm0 /events"},
    "rare receiver": {"endpoint": "crm49 /events"},
    "dead of a receiver": {"endpoint": "crm49 /events", "state": "dead"},
    "webhook and receiver that never meet": {"webhook": "told0", "endpoint": "nobody"},
}
OTHERS = {
    "overview": ("/", "/overview"),
    "sources": ("/sources", "/sources"),
    "common source": (f"/sources/{COMMON}", f"/sources/{COMMON}"),
    "rare source": (f"/sources/{RARE}", f"/refusals?source={RARE}"),
    "held": ("/held", "/held"),
    "replays": ("/replays", "/replays"),
    "replay": ("/replays/1", "/replays/1"),
    "step webhooks": ("/step-webhooks", "/step-webhooks"),
    "receivers": ("/endpoints", "/endpoints"),
    "event Dags": ("/event-dags", "/event-dags?limit=200"),
    "connections": ("/connections", "/tokens"),
    "tab of a Dag": (f"/dags/{DAG}", f"/jobs?dag_id={DAG}"),
    "tab of a task": (f"/tasks/{DAG}/tell", f"/deliveries?dag_id={DAG}&task_id=tell"),
}


def looks(url: str, events: int) -> Iterator[Look]:
    """Yield everything that is looked at.

    :param url: of the database.
    :param events: how many there are.
    """
    number = events // 2 // DETAILED * DETAILED
    engine = create_engine(url)
    with engine.connect() as connection:
        found = "SELECT source, received_at, seq, dag_id, run_id FROM hookline_event "
        middle = connection.execute(text(found + "WHERE seq = :n"), {"n": number}).one()
        shown = "WHERE seq % :every = 0 AND state = 'dispatched' ORDER BY seq DESC LIMIT 1"
        kept = connection.execute(text(found + shown), {"every": DETAILED}).one()
    engine.dispose()
    both = filters(datetime.now(UTC), number, middle.source)
    deep = {
        "events": Place(middle.received_at, middle.seq),
        "jobs": Place.numbered(3 * number),
        "deliveries": Place.numbered(number),
    }
    lists = {"events": both | OF_EVENTS, "jobs": both | OF_JOBS, "deliveries": OF_MESSAGES}
    for what, wanted in lists.items():
        for name, query in wanted.items():
            for page, cursor in (("first", {}), ("deep", {"cursor": deep[what].cursor()})):
                yield from _both(f"{what}: {name}, {page} page", f"/{what}?{urlencode(query | cursor)}")
    for name, (page, call) in OTHERS.items():
        yield Look(f"page: {name}", PAGES + page)
        yield Look(f"API: {name}", API + call)
    for what, place in (("events", kept.seq), ("jobs", 3 * kept.seq - 2), ("deliveries", kept.seq)):
        yield from _both(f"{what}: one", f"/{what}/{place}")
    yield from _both("run", f"/runs/{kept.dag_id}/{kept.run_id}")
    filtered = (f"/events?source={COMMON}", f"/events?event_type={TYPE}", f"/jobs?source={COMMON}")
    for path in ("/", "/events", "/jobs", "/deliveries", *filtered):
        yield Look(f"page for a viewer: {path}", PAGES + path, "viewer")


def _both(name: str, path: str) -> Iterator[Look]:
    yield Look(f"page of {name}", PAGES + path)
    yield Look(f"API of {name}", API + path)


def _moment(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
