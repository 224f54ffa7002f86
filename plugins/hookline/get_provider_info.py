"""What Airflow's provider manager asks for: connection types, configuration, database manager, commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def get_provider_info() -> dict[str, Any]:
    """Return ``provider.yaml`` as the dictionary that ``airflow.providers_manager`` validates.

    Source: ``airflow/provider_info.schema.json``.
    """
    import yaml

    # Every Airflow process reads this: the C loader takes a tenth of the time, where there is one.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(__file__).with_name("provider.yaml").read_bytes()
    declaration: dict[str, Any] = yaml.load(text, loader)  # noqa: S506  both loaders are safe ones
    return declaration
