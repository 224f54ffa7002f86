"""The name of an event Dag: checked when the Dag is parsed, and what it brings along."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from hookline import catalog
from hookline.authoring import MARKER, event_dag
from hookline.exceptions import DoubtfulName, NamingError


def made(name: str, **options: Any) -> Any:
    def on_event() -> None: ...

    return event_dag(name, **options)(on_event)()


@pytest.mark.parametrize(
    ("name", "dag_id", "title", "tag"),
    [
        ("Users > Created", "users.created", "Users / Created", "users"),
        ("users.created", "users.created", "Users / Created", "users"),
        (
            "Submissions > [hr] > [on.boarding] > Submitted",
            "submissions.hr.on_x2Eboarding.submitted",
            "Submissions / hr / on.boarding / Submitted",
            "submissions",
        ),
        ("[hr] > [onboarding] > Created", "hr.onboarding.created", "hr / onboarding / Created", "forms"),
        (
            "datastore_forms.any.updated",
            "datastore_forms.any.updated",
            "Datastore Forms / any / Updated",
            "datastore_forms",
        ),
    ],
)
def test_a_platform_event_is_called_by_its_path(name: str, dag_id: str, title: str, tag: str) -> None:
    dag = made(name)
    assert (dag.dag_id, dag.dag_display_name, set(dag.tags)) == (dag_id, title, {"event", tag})
    assert dag.default_args[MARKER]["event"] == dag_id


def test_the_author_s_display_name_and_tags_stay() -> None:
    dag = made("Users > Created", dag_display_name="New people", tags=["hr"])
    assert dag.dag_display_name == "New people"
    assert set(dag.tags) == {"event", "users", "hr"}


def test_a_name_that_may_be_another_source_s_event_brings_nothing_along() -> None:
    dag = made("shop.order.created")
    assert (dag.dag_display_name, set(dag.tags)) == ("shop.order.created", {"event"})
    assert dag.params["data"] == {}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("users.craeted", "users.created"),
        ("Users > Craeted", "Users > Created"),
        ("Users.Created", "users.created"),
        ("GitHub.push", "github.push"),
        ("submissions.hr.onboarding.Submitted", "submissions.hr.onboarding.submitted"),
    ],
)
def test_a_misspelt_event_is_refused_with_the_nearest_right_one(name: str, nearest: str) -> None:
    with pytest.raises(NamingError, match="id you mean") as raised:
        made(name)
    assert f"`{nearest}`?" in str(raised.value)


def test_a_misspelt_event_is_an_import_error(tmp_path: Path) -> None:
    (tmp_path / "people.py").write_text(
        '"""An Airflow Dag."""\nfrom hookline.authoring import event_dag\n\n\n'
        '@event_dag("Users > Craeted")\ndef craeted(): ...\n\n\ncraeted()\n'
    )
    bag = DagBag(tmp_path, bundle_path=tmp_path, bundle_name="dags", load_op_links=False)
    [error] = bag.import_errors.values()
    assert "did you mean `Users > Created`?" in error


@pytest.mark.parametrize(
    ("name", "nearest"), [("github.psuh", "github.push"), ("user.created", "users.created")]
)
def test_an_unknown_event_nearly_called_like_a_known_one_is_warned_of(name: str, nearest: str) -> None:
    with pytest.warns(DoubtfulName, match=f"did you mean `{nearest}`?") as warned:
        assert made(name).dag_id == name
    assert [warning.filename for warning in warned] == [__file__]


@pytest.mark.parametrize("name", ["github.unheard_of", "shop.order.paid", "github"])
def test_an_unknown_event_like_no_other_is_taken_in_silence(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert made(name).dag_id == name


def test_an_entry_is_found_by_either_name_and_says_where_to_send() -> None:
    known = catalog.find("Users > Created")
    assert known == catalog.find("users.created")
    assert catalog.find("users.craeted") is None
    assert catalog.find("Users > Craeted") is None


def test_slugs_do_not_keep_the_sample_away() -> None:
    whatever = made("datastore_forms.any.created").params["data"]
    assert made("Datastore Forms > [cars] > Created").params["data"] == whatever != {}
