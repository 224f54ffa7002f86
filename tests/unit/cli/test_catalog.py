"""``airflow hookline catalog``: what is known, and how it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from hookline import catalog

Run = Callable[..., Any]
Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize(("output", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_the_known_events_are_listed(hookline: Run, capsys: Captured, output: str, load: Run) -> None:
    hookline("catalog", "list", "-o", output)
    listed = {row["event"]: row for row in load(capsys.readouterr().out)}
    assert set(listed) == catalog.names()
    assert listed["submissions.any.any.submitted"]["tree_path"] == "Submissions > any > any > Submitted"
    assert listed["stripe.customer.created"]["tree_path"] == ""


def test_those_of_one_source_are_listed(hookline: Run, capsys: Captured) -> None:
    hookline("catalog", "list", "--source", "slack")
    said = capsys.readouterr().out
    assert "slack.app_mention" in said
    assert "github.push" not in said


def test_a_source_of_which_nothing_is_known_is_told(hookline: Run) -> None:
    with pytest.raises(SystemExit, match="No event of `slakc` is known; sources are generic, github"):
        hookline("catalog", "list", "--source", "slakc")


@pytest.mark.parametrize("name", ["users.created", "Users > Created"])
@pytest.mark.parametrize(("output", "load"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_an_event_is_shown_by_either_name(
    hookline: Run, capsys: Captured, name: str, output: str, load: Run
) -> None:
    hookline("catalog", "show", name, "-o", output)
    shown = load(capsys.readouterr().out)
    known = catalog.find("users.created")
    assert known is not None
    assert (shown["tree_path"], shown["url"]) == ("Users > Created", "/hooks/in/platform/users/created")
    assert (shown["schema"], shown["sample"]) == (known.schema, known.sample)


def test_an_event_is_shown_as_a_table(hookline: Run, capsys: Captured) -> None:
    hookline("catalog", "show", "github.push")
    assert "X-GitHub-Event" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["hr.form.created", "[hr] > [form] > Created", "any.any.created"])
def test_the_sample_alone_is_what_can_be_sent(hookline: Run, capsys: Captured, name: str) -> None:
    hookline("catalog", "show", name, "--sample")
    known = catalog.find("any.any.created")
    assert known is not None
    assert json.loads(capsys.readouterr().out) == known.sample


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("github.psuh", "did you mean `github.push`?"),
        ("users.craeted", "did you mean `users.created`?"),
        ("Users > Craeted", "did you mean `Users > Created`?"),
        ("GitHub.push", "did you mean `github.push`?"),
        ("nobody.knows", "`airflow hookline catalog list` shows what it has."),
        ("", "`airflow hookline catalog list` shows what it has."),
    ],
)
def test_an_unknown_event_is_told_with_the_nearest(hookline: Run, name: str, says: str) -> None:
    with pytest.raises(SystemExit) as ended:
        hookline("catalog", "show", name)
    assert str(ended.value).endswith(says)
