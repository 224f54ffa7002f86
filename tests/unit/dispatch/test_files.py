"""One dag id in two files: seen by what the dag-processor writes, and held with both files named."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.dispatch import files
from hookline.dispatch.dags import EventDags
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, event, runs, send

BOTH = ("copy.py", "shop.paid.py")


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Dispatching:
    event_dags.empty()
    event_dags.write("shop.paid", also=True)
    return Dispatching()


def test_its_events_are_held_with_both_files_named(
    dispatcher: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_dags.parse_again("shop.paid", "copy.py")
    send("1")
    dispatcher.all()
    assert (event("1").state, event("1").reason) == ("held", files.reason("shop.paid", BOTH))
    assert all(file in event("1").reason for file in BOTH)
    event_dags.parse_again("shop.paid", "shop.paid.py")
    assert dispatcher.release() == 0  # in turn they agree
    monkeypatch.setattr(files, "LEAST", 0.0)
    monkeypatch.setattr(files, "PARSES", 0)
    assert dispatcher.release()
    dispatcher.all()
    assert len(runs()) == 1


def test_one_that_was_moved_is_in_one_file(dispatcher: Dispatching) -> None:
    send("1")
    dispatcher.all()
    event_dags.write("shop.paid", also=True, file="moved.py")
    send("2")
    dispatcher.all()
    assert len(runs()) == 2
    assert found(dispatcher.dags) == ({}, {})


def test_versions_from_here_and_there_tell_who_looks_for_the_first_time(dispatcher: Dispatching) -> None:
    for number, file in enumerate(("shop.paid.py", "copy.py") * 2):
        event_dags.write("shop.paid", also=True, file=file)
        send(str(number))  # a version that has run is followed by another
        dispatcher.all()
    assert found(EventDags()) == ({}, {"shop.paid": BOTH})


def test_one_that_was_moved_and_moved_back_is_in_one_file(dispatcher: Dispatching) -> None:
    for number, file in enumerate(("shop.paid.py", "copy.py", "shop.paid.py")):
        event_dags.write("shop.paid", also=True, file=file)
        send(str(number))
        dispatcher.all()
    assert found(EventDags()) == ({}, {})


def found(dags: EventDags) -> tuple[object, object]:
    """Return what was remembered, and what the versions say."""
    with Session(engine()) as session:
        dags.refresh(session, at_once=True)
        return dags.marks.files.doubled(), files.alternating(session, dags.marks.of_all())
