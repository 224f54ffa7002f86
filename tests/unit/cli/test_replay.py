"""``airflow hookline events replay|release``: what is said, asked and started."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from airflow.cli.cli_config import ActionCommand, GroupCommand
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from hookline.cli import replay
from hookline.cli.definition import get_hookline_cli_commands
from hookline.database import engine
from hookline.jobs.models import Job
from hookline.replay.models import Replay, ReplayItem
from tests.unit.api.inbox import store
from tests.unit.dispatch import event_dags

DAG = "shop.order.paid"


@pytest.fixture(autouse=True)
def emptied(metadata: str) -> None:
    event_dags.empty()
    with Session(engine()) as session, session.begin():
        for table in (ReplayItem, Replay, Job):
            session.execute(delete(table))
    event_dags.write(DAG, {"type": "object", "required": ["total"]}, sample={"total": 1})
    store({"dag_id": DAG, "state": "dispatched"}, {}, {"candidates": '["shop.order.payed"]'})


def parsed(group: str, name: str, *words: str) -> Namespace:
    [hookline] = get_hookline_cli_commands()
    assert isinstance(hookline, GroupCommand)
    groups: dict[str, Any] = {one.name: one for one in hookline.subcommands}
    [command] = [one for one in groups[group].subcommands if one.name == name]
    assert isinstance(command, ActionCommand)
    parser = argparse.ArgumentParser()
    for arg in command.args:
        arg.add_to_parser(parser)
    return parser.parse_args(words)


def replays() -> list[tuple[str, int, int]]:
    with Session(engine()) as session:
        return [(one.state, one.total, one.rate) for one in session.scalars(select(Replay))]


def test_a_dry_run_says_what_would_happen(capsys: pytest.CaptureFixture[str]) -> None:
    replay.replay_events(parsed("events", "replay", "--source", "shop", "--dry-run"))

    assert (
        capsys.readouterr().out
        == f"2 to the Dag `{DAG}`\n1 left out: events that no Dag takes; name one with --to\n"
    )
    assert replays() == []


@pytest.mark.parametrize(("said", "started"), [("y", True), ("", False)])
def test_it_asks_before_it_starts(monkeypatch: pytest.MonkeyPatch, said: str, started: bool) -> None:
    monkeypatch.setattr("builtins.input", lambda _prompt: said)
    args = parsed("events", "replay", "e0", "--rate", "7", "--no-wait")
    if started:
        replay.replay_events(args)
    else:
        with pytest.raises(SystemExit, match="Nothing was started"):
            replay.replay_events(args)

    assert replays() == ([("running", 1, 7)] if started else [])


def test_held_events_are_released_to_a_dag_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    replay.release(parsed("events", "release", "shop.order.payed", "--to", DAG, "--yes", "--no-wait"))

    assert replays() == [("running", 1, 100)]
    replay.replay_events(parsed("events", "replay", "--cancel", str(number())))
    assert "is cancelled after 0 of 1" in capsys.readouterr().out


def number() -> int:
    with Session(engine()) as session:
        return int(session.scalar(select(Replay.seq)) or 0)


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no filter": ((), "Say which events"),
    "an unknown id": (("e9",), "No event `e9`"),
    "no time": (("--since", "yesterday"), "--since takes a time such as"),
    "a rate": (("e0", "--rate", "0"), "--rate takes 1 to 1000"),
    "a Dag that is not there": (("e0", "--to", "nowhere"), "No event Dag is called `nowhere`"),
    "a version that is not kept": (("e0", "--version", "original"), "The version of then is not kept"),
    "no replay": (("--cancel", "99"), "There is no replay 99"),
    "data for many": (("--source", "shop", "--data", "{}"), "more than one event"),
    "data that do not fit": (("e0", "--data", "{}"), "/total is missing"),
    "no JSON": (("e0", "--data", "{"), "--data: "),
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    file = tmp_path / "data.json"
    if "--data" in words:
        file.write_text(words[-1])
        words = (*words[:-1], str(file))

    with pytest.raises(SystemExit, match=sentence):
        replay.replay_events(parsed("events", "replay", *words))

    assert replays() == []


def test_a_name_that_nothing_is_held_for_gets_those_that_are() -> None:
    with pytest.raises(SystemExit, match=r"for `shop\.order\.paid`, `shop\.order\.payed`"):
        replay.release(parsed("events", "release", "shop.order.pade"))


def test_jobs_run_again_by_their_filter(capsys: pytest.CaptureFixture[str]) -> None:
    replay.replay_jobs(parsed("jobs", "replay", "--source", "shop", "--dry-run"))
    assert capsys.readouterr().out == "There is nothing to replay.\n"

    with pytest.raises(SystemExit, match="Say which jobs"):
        replay.replay_jobs(parsed("jobs", "replay"))
