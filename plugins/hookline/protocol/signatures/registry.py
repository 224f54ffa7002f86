"""Every ``auth_type`` a source may have: the general ones, and one module each in ``vendors/``.

A module is imported when a source needs it, so a process pays for the vendors it meets.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from hookline.protocol.signatures import vendors
from hookline.protocol.signatures.scheme import Scheme

_GENERAL = {
    "none": "open",
    "basic": "basic",
    "api_key": "api_key",
    "bearer": "bearer",
    "hmac": "hmac",
    "jwt": "jwt",
    "standard_webhooks": "standard_webhooks",
}


class _Schemes(Mapping[str, Scheme]):
    """The schemes by their names."""

    def __init__(self) -> None:
        here = __package__ or ""
        self._modules = {name: f"{here}.{module}" for name, module in _GENERAL.items()}
        found = sorted(module.name for module in pkgutil.iter_modules(vendors.__path__))
        self._modules |= {name: f"{vendors.__name__}.{name}" for name in found}

    def __getitem__(self, name: str) -> Scheme:
        scheme: Scheme = import_module(self._modules[name]).SCHEME
        return scheme

    def file(self, name: str) -> Path:
        """Return where a scheme's module is.

        :raises KeyError: there is no such scheme.
        """
        *_, folder, module = self._modules[name].split(".")
        here = Path(__file__).parent
        return (here if folder == here.name else here / folder) / f"{module}.py"

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, name: object) -> bool:
        return name in self._modules


SCHEMES = _Schemes()
