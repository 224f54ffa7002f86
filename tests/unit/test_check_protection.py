"""What doctor says about proxies, rates and where they are counted."""

from __future__ import annotations

import json

import pytest

from hookline.cli import check_protection

LIMITED = {"auth_type": "none", "rate_limit": "5/minute"}
AT_HOME = {"auth_type": "none", "allowed_ips": "10.0.0.0/8"}

pytestmark = pytest.mark.usefixtures("database_file")


def looked(
    environment: pytest.MonkeyPatch, options: dict[str, str], extra: dict[str, str] | None
) -> dict[str, tuple[str, str]]:
    for name, value in options.items():
        environment.setenv(f"AIRFLOW__HOOKLINE__{name.upper()}", value)
    if extra:
        connection = {"conn_type": "webhook", "extra": extra}
        environment.setenv("AIRFLOW_CONN_GUARDED_SOURCE", json.dumps(connection))
    return {
        found.subject.removeprefix("[hookline] "): (found.level.value, found.finding)
        for found in check_protection.findings()
    }


@pytest.mark.parametrize(
    ("options", "extra", "expected"),
    [
        ({}, LIMITED, ("rate_limit_storage", "warn", "N processes let N times the rate through")),
        ({"client_rate_limit": "5/minute"}, None, ("rate_limit_storage", "warn", "counts for itself")),
        ({"rate_limit_storage": "redis://127.0.0.1:9/0"}, LIMITED, ("rate_limit_storage", "warn", "away")),
        ({"rate_limit_storage": "memory://"}, LIMITED, ("rate_limit_storage", "fail", "URL of a Redis")),
        ({"client_rate_limit": "often"}, None, ("client_rate_limit", "fail", "is `often`")),
        ({"trusted_proxies": "proxy"}, None, ("trusted_proxies", "fail", "has `proxy`")),
        ({"trusted_proxies": "0.0.0.0/0"}, None, ("trusted_proxies", "fail", "would believe strangers")),
        ({"trusted_proxies": "10.0.0.0/8 ::/0"}, None, ("trusted_proxies", "fail", "at most a /16")),
        ({"trusted_proxies": "128.0.0.0/1"}, None, ("trusted_proxies", "fail", "at most a /8")),
        ({"trusted_proxies": "::ffff:0:0/96"}, None, ("trusted_proxies", "fail", "at most a /8")),
        ({}, AT_HOME, ("trusted_proxies", "warn", "all senders have the proxy's")),
    ],
)
def test_what_will_hurt_is_said(
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    extra: dict[str, str] | None,
    expected: tuple[str, str, str],
) -> None:
    subject, level, says = expected
    found = looked(monkeypatch, options, extra)[subject]

    assert found[0] == level
    assert says in found[1]


def test_nothing_is_said_where_nothing_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(monkeypatch, {}, None) == {}
