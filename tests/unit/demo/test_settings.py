"""The stack's settings: what a caller may change, and what not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from demo.home import new_secrets
from demo.settings import environment, exports, overridden, variable

OURS = "postgresql+psycopg2://hookline:x@127.0.0.1:20001/postgres"


def made(caller: dict[str, str]) -> dict[str, str]:
    return environment(
        caller,
        home=Path("/home/of/the/stack"),
        dags_folder=Path("/dags"),
        port=8080,
        database_url=OURS,
        secrets=new_secrets(),
    )


@pytest.mark.parametrize(
    ("caller", "name", "value"),
    [
        pytest.param({}, "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME", "0.1", id="a default"),
        pytest.param({"AIRFLOW__CORE__PARALLELISM": "2"}, "AIRFLOW__CORE__PARALLELISM", "2", id="a wish"),
        pytest.param({"AIRFLOW_CONN_CRM": "http://x"}, "AIRFLOW_CONN_CRM", "http://x", id="a Connection"),
        pytest.param({"LANG": "C"}, "LANG", "C", id="anything else"),
        pytest.param({"AIRFLOW_HOME": "/mine"}, "AIRFLOW_HOME", "/home/of/the/stack", id="but not the home"),
        pytest.param(
            {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://production"},
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            OURS,
            id="but not the database",
        ),
        pytest.param(
            {"AIRFLOW__API__BASE_URL": "https://example.com/airflow/"},
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
            "http://127.0.0.1:8080/airflow/execution/",
            id="workers follow the base URL's path",
        ),
        pytest.param(
            {"no_proxy": "intranet"}, "no_proxy", "intranet,127.0.0.1,localhost", id="loopback has no proxy"
        ),
    ],
)
def test_an_environment_has(caller: dict[str, str], name: str, value: str) -> None:
    assert made(caller)[name] == value


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        pytest.param(
            {"AIRFLOW__CORE__FERNET_KEY_CMD": "cat key"}, "AIRFLOW__CORE__FERNET_KEY", id="a command's option"
        ),
        pytest.param(
            {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "postgresql+asyncpg://production"},
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
            id="another database for asynchronous code",
        ),
    ],
)
def test_an_environment_lacks(caller: dict[str, str], name: str) -> None:
    assert name not in made(caller)


def test_what_is_not_used_is_told() -> None:
    caller = {"AIRFLOW_HOME": "/mine", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat", "LANG": "C"}
    assert overridden(caller) == ["AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"]


def test_options_become_variables() -> None:
    assert variable("core.load_examples") == "AIRFLOW__CORE__LOAD_EXAMPLES"


def test_a_shell_gets_the_same_environment() -> None:
    difference = exports({"QUOTED": "it's $HOME", "SAME": "1"}, {"SAME": "1"})
    shell = subprocess.run(
        ["sh", "-c", f'{difference}\nprintf %s "$QUOTED"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == "it's $HOME"
    assert "SAME" not in difference
