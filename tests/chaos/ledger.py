"""What must be true in the end, by Airflow's REST API and by what the other system was told."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from demo.errors import DemoError
from demo.topology import Topology
from tests.chaos.receiver import Receiver

PAGE = 100
Told = tuple[str, str, str, int]
"""Dag, run, task and map index."""


class Away(Exception):
    """The REST API does not answer now."""


class Ledger:
    """Compares what was accepted with what became of it.

    :param accepted: ids of accepted deliveries by kind of order.
    :param runs: ids of the runs that wait.
    :param width: waits of each of their two tasks.
    """

    def __init__(
        self,
        topology: Topology,
        receiver: Receiver,
        accepted: Mapping[str, set[str]],
        runs: list[str],
        width: int,
    ) -> None:
        self._topology = topology
        self._receiver = receiver
        self._accepted = accepted
        self._runs = runs
        self._width = width
        self._woken: dict[str, list[str]] = {}
        """Wrong waits by run, of the runs that have ended: nothing of them changes."""

    def late(self) -> list[str]:
        """Return what has not come yet, by numbers alone: the whole is too much to ask all the time."""
        try:
            return [*self._late()]
        except Away:
            return ["Airflow does not answer"]

    def _late(self) -> Iterable[str]:
        for kind, accepted in self._accepted.items():
            ended = self._get(f"/dags/orders.{kind}/dagRuns?state=success&limit=1")["total_entries"]
            if ended < len(accepted):
                yield f"{ended} of {len(accepted)} runs of orders.{kind}"
        waits = 2 * self._width * len(self._runs)
        ended = self._get("/dags/waits/dagRuns/~/taskInstances?state=success&limit=1")["total_entries"]
        if ended < waits:
            yield f"{ended} of {waits} waits"
        told, wanted = len(self._receiver.taken), len(self._to_be_told())
        if told < wanted:
            yield f"{told} of {wanted} deliveries"

    def wrong(self) -> list[str]:
        """Return what is not as it must be; what is only late is in it too."""
        try:
            return [*self._orders(), *self._waits(), *self._deliveries()]
        except Away:
            return ["Airflow does not answer"]

    def _orders(self) -> Iterable[str]:
        for kind, accepted in self._accepted.items():
            wanted = {f"webhook__orders__{one}" for one in accepted}
            rows = list(self._all(f"/dags/orders.{kind}/dagRuns", "dag_runs"))
            found = Counter(row["dag_run_id"] for row in rows)
            yield from difference(f"runs of orders.{kind}", wanted, found)
            unfinished = Counter(row["state"] for row in rows if row["state"] != "success")
            if unfinished:
                yield f"runs of orders.{kind}: {dict(unfinished)}"

    def _waits(self) -> Iterable[str]:
        for run in self._runs:
            if run not in self._woken:
                rows = list(self._all(f"/dags/waits/dagRuns/{run}/taskInstances", "task_instances"))
                states = Counter(row["state"] for row in rows)
                if states != {"success": 2 * self._width}:
                    yield f"waits of {run}: {dict(states)}"
                    continue
                self._woken[run] = list(self._wrong_waits(run, rows))
            yield from self._woken[run]

    def _wrong_waits(self, run: str, rows: list[dict[str, Any]]) -> Iterable[str]:
        got = {(row["task_id"], row["map_index"]): self._xcom(run, row) for row in rows}
        own = [got["own", number] for number in range(self._width)]
        if own != [f"{run}-own-{number}" for number in range(self._width)]:
            yield f"{run} was woken with {own}"
        shared = sorted(got["any", number] for number in range(self._width))
        if shared != sorted(f"{run}-any-{number}" for number in range(self._width)):
            yield f"{run} was woken with {shared}, and each event is for one task"

    def _deliveries(self) -> Iterable[str]:
        told = [
            (
                one["dag_id"],
                one["run"]["id"],
                one["step"]["task_id"],
                -1 if one["step"]["map_index"] is None else one["step"]["map_index"],
            )
            for one in (message["data"] for message in list(self._receiver.taken.values()))
        ]
        yield from difference("deliveries", self._to_be_told(), Counter(told))
        if self._receiver.forged:
            yield f"{self._receiver.forged} deliveries were not signed"

    def _to_be_told(self) -> set[Told]:
        return {
            *(
                (f"orders.{kind}", f"webhook__orders__{one}", "noted", -1)
                for kind in ("told", "worked")
                for one in self._accepted[kind]
            ),
            *(("waits", *key) for key in itertools.product(self._runs, ("own", "any"), range(self._width))),
        }

    def _xcom(self, run: str, row: Mapping[str, Any]) -> str:
        entry = f"/dags/waits/dagRuns/{run}/taskInstances/{row['task_id']}/xcomEntries/return_value"
        found = self._get(f"{entry}?map_index={row['map_index']}&deserialize=true")
        return str(found["value"]["id"])

    def _all(self, path: str, member: str) -> Iterable[dict[str, Any]]:
        seen = 0
        while True:
            page = self._get(f"{path}?limit={PAGE}&offset={seen}&order_by=id")[member]
            yield from page
            seen += len(page)
            if len(page) < PAGE:
                return

    def _get(self, path: str) -> Any:
        with suppress(DemoError):
            answer = self._topology.api("GET", path)
            if answer.status == 200:
                return answer.json()
        raise Away


def difference(what: str, wanted: set[Any], found: Counter[Any]) -> Iterable[str]:
    """Say what is missing, what nobody asked for, and what is there more than once."""
    missing, strange = wanted - found.keys(), found.keys() - wanted
    twice = {one: count for one, count in found.items() if count > 1}
    for how, some in (("missing", missing), ("of nothing", strange), ("more than once", twice)):
        if some:
            yield f"{len(some)} {what} {how}: {sorted(some)[:5]}"
