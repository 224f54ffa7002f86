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
    declaration: dict[str, Any] = yaml.load(text, loader)  # nosec B506  # noqa: S506  both loaders are safe ones
    sources = next(c for c in declaration["connection-types"] if c["connection-type"] == "webhook")
    sources["conn-fields"]["auth_type"]["schema"]["enum"] += vendors()
    return declaration


def vendors() -> list[str]:
    """Return the vendors' names: those of their modules, of which none is imported here."""
    modules = Path(__file__).with_name("protocol") / "signatures" / "vendors"
    return sorted(module.stem for module in modules.glob("[a-z]*.py"))
