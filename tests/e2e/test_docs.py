"""The five minutes of the README and the guide to event Dags, done as they are written."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from demo.stack import REPOSITORY, airflow
from hookline.protocol.source import parse
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e


def snippets(page: str, language: str) -> list[str]:
    """Return the code blocks of a page, also those within a list."""
    text = (REPOSITORY / page).read_text()
    blocks = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in blocks]


def exported(snippet: str, name: str) -> dict[str, Any]:
    """Return the Connection that a snippet exports, as the shell would."""
    shell = f'{snippet}\nprintf %s "${name}"'
    return json.loads(subprocess.run(["sh", "-c", shell], check=True, capture_output=True, text=True).stdout)


def command(driver: Driver, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    assert line.startswith("airflow ")
    return subprocess.run(
        airflow(*shlex.split(line)[1:]),
        check=False,
        env={**driver.stack.env, **environment},
        capture_output=True,
        text=True,
    )


def test_the_readme_leads_to_a_dag_that_reacts_to_a_push(driver: Driver, dags_folder: Path) -> None:
    dag = snippets("README.md", "python")[0]
    send = snippets("README.md", "bash")[1].strip()
    ready = dags_folder / "github.py"
    kept = ready.read_text()
    ready.unlink()  # one Dag for each event: the reader's takes the place of ours
    try:
        (dags_folder / "on_push.py").write_text(dag)
        wait_for(lambda: has_task(driver, "github.push", "announce"), 90, "the reader's Dag")

        sent = command(driver, send)

        assert sent.returncode == 0, sent.stderr
        event_id = re.search(r'"event_id":"([^"]+)"', sent.stdout)[1]
        run_id = f"webhook__github__{event_id}"
        assert driver.finished("github.push", run_id) == "success"
        assert "Codertocat/Hello-World: 1 commit(s) on refs/heads/master" in driver.log(
            "github.push", run_id, "announce"
        )
    finally:
        (dags_folder / "on_push.py").unlink()
        ready.write_text(kept)
        wait_for(lambda: has_task(driver, "github.push", "tell_channel"), 90, "the ready Dag")


def test_the_connection_of_the_readme_is_a_source() -> None:
    fields = exported(snippets("README.md", "bash")[0], "AIRFLOW_CONN_GITHUB")

    assert parse("github", None, fields["password"], fields["extra"]).scheme.name == "github"


def test_the_connection_of_the_guide_is_a_source() -> None:
    fields = exported(snippets("docs/how-to/receive-a-webhook.md", "bash")[0], "AIRFLOW_CONN_SHOP")

    assert parse("shop", None, fields["password"], fields["extra"]).scheme.name == "hmac"


def test_the_dag_of_the_guide_books_the_order(driver: Driver, dags_folder: Path) -> None:
    (dags_folder / "order_paid.py").write_text(snippets("docs/how-to/write-an-event-dag.md", "python")[0])
    driver.wait_for_dags("shop.order.paid")

    started = driver.trigger("shop.order.paid", {"data": {"order": "A-1002", "amount": 12}})

    run_id = started.json()["dag_run_id"]
    assert driver.finished("shop.order.paid", run_id) == "success"
    assert driver.xcom("shop.order.paid", run_id, "check") == {"order": "A-1002", "source": "manual"}


def test_the_doctor_finds_nothing_wrong_with_the_stack(driver: Driver) -> None:
    report = command(driver, "airflow hookline doctor")

    assert report.returncode == 0, report.stdout + report.stderr
    assert "fail" not in report.stdout
    for component in ("scheduler", "dag-processor", "triggerer"):
        assert re.search(rf"ok\W+{component}\W+runs", report.stdout), component


def test_the_doctor_fails_for_a_source_that_is_closed(driver: Driver) -> None:
    report = command(
        driver,
        "airflow hookline doctor",
        AIRFLOW_CONN_TYPO='{"conn_type": "webhook", "extra": {"auth_type": "hmca"}}',
    )

    assert report.returncode == 1
    assert "did you mean `hmac`" in " ".join(report.stdout.split())


def test_events_are_listed_and_shown(driver: Driver) -> None:
    answer = driver.post("tick", {"n": 41}).json()

    listed = command(driver, "airflow hookline events list --source chaos --output plain")
    shown = command(driver, f"airflow hookline events show {answer['event_id']}")

    assert answer["event_id"] in listed.stdout
    assert '"n": 41' in shown.stdout


def test_a_source_says_why_it_refused(driver: Driver) -> None:
    url = f"{driver.stack.url}/hooks/in/chaos/tick"
    assert requests.post(url, json={}, headers={"X-API-Key": "wrong"}, timeout=10).status_code == 401

    def shown() -> str:
        return command(driver, "airflow hookline sources show chaos").stdout

    wait_for(lambda: "The key in `X-API-Key` is wrong." in shown(), 20, "the reason")
    assert '"wrong"' not in shown()
    assert "takes events" in command(driver, "airflow hookline sources list --output plain").stdout


def test_a_sample_can_be_sent_again(driver: Driver) -> None:
    for _ in range(2):
        sent = command(driver, "airflow hookline send github.push --sample")
        assert '"duplicate":false' in sent.stdout, sent.stdout + sent.stderr


def test_sending_what_the_catalog_does_not_have_says_what_to_do(driver: Driver) -> None:
    sent = command(driver, "airflow hookline send github.nothing --sample")

    assert sent.returncode == 1
    assert "The catalog has no sample of `github.nothing`" in sent.stderr


def has_task(driver: Driver, dag_id: str, task_id: str) -> bool:
    return driver.stack.api("GET", f"/dags/{dag_id}/tasks/{task_id}").status == 200
