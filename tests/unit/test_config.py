"""Options that would spin the loops or shut every sender out are refused with a sentence."""

from __future__ import annotations

import pytest

from hookline import config
from hookline.exceptions import ConfigurationError
from hookline.get_provider_info import get_provider_info


def test_the_defaults_are_allowed() -> None:
    options = get_provider_info()["config"]["hookline"]["options"]
    numeric = {name for name, option in options.items() if option["type"] in ("integer", "float")}

    assert numeric == set(config.LEAST)
    assert all(float(options[name]["default"]) >= least for name, least in config.LEAST.items())


@pytest.mark.parametrize("option", sorted(config.LEAST))
@pytest.mark.parametrize("value", ["-5", "nan", "inf", "abc"])
def test_a_value_that_cannot_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__HOOKLINE__{option.upper()}", value)

    with pytest.raises(ConfigurationError, match=option):
        config.get_float(option)


def test_a_fraction_of_a_byte_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__MAX_BODY_BYTES", "10.5")

    with pytest.raises(ConfigurationError, match="whole number"):
        config.get_int("max_body_bytes")
