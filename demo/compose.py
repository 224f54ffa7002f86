"""Reads docker-compose.yml as Compose does, and says how its services run as processes of one machine.

What differs from containers is stated here and nowhere else: hosts become loopback, each service's ports
become free ones, and the folders of the image and of its volumes lie in one folder. Commands, environment,
secrets and health checks are those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from demo.ports import LOOPBACK, free_port

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::-([^}]*))?\})")
_OPTION_PORT = re.compile(r"(?<=-port )\d+|(?<=-p )\d+")
_LISTEN = re.compile(r"(?m)^(\s*listen )(\d+)")
# nginx learnt it in 1.27.3; where every host is loopback there is nothing to resolve.
_RESOLVE = re.compile(r"(?m)^\s*resolver .*$| resolve(?= )")


@dataclass(frozen=True, slots=True)
class Service:
    """One service of the file, its variables filled in.

    Args:
        name: as in the file.
        command: program and arguments; empty for the image's own.
        environment: by name.
        health: ``healthcheck.test``, or empty.
        secrets: names.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    health: tuple[str, ...]
    secrets: tuple[str, ...]


def read(path: Path, variables: Mapping[str, str]) -> dict[str, Service]:
    """Return the services of a compose file by name.

    Args:
        path: the file.
        variables: for ``${NAME:-default}``.
    """
    document = _fill(yaml.safe_load(path.read_text()), variables)
    return {
        name: Service(
            name,
            tuple(service.get("command", ())),
            service.get("environment", {}),
            tuple(service.get("healthcheck", {}).get("test", ())),
            tuple(service.get("secrets", ())),
        )
        for name, service in document["services"].items()
    }


def _fill(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _fill(member, variables) for name, member in value.items()}
    if isinstance(value, list):
        return [_fill(member, variables) for member in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: m[1] or variables.get(m[2]) or m[3] or "", value)
    return value


@dataclass(slots=True)
class Placement:
    """Where the services' hosts, ports and folders are on this machine.

    Args:
        services: names of all services.
        folders: folder of a container to folder of this machine.
        address: the proxy's fixed address in the file.
    """

    services: tuple[str, ...]
    folders: Mapping[str, Path]
    address: str
    _ports: dict[tuple[str, int], int] = field(default_factory=dict)

    def port(self, service: str, number: int) -> int:
        """Return the port of this machine that stands for a service's port."""
        key = (service, number)
        if key not in self._ports:
            self._ports[key] = free_port()
        return self._ports[key]

    def send_to(self, service: str, number: int, other: str, other_number: int) -> None:
        """Have a service's port stand for another one's: for a service that is not there."""
        self._ports[service, number] = self.port(other, other_number)

    def text(self, service: str, text: str) -> str:
        """Return a text of a service with its hosts, ports and folders moved here."""
        hosts = "|".join(self.services)
        text = re.sub(
            rf"\b({hosts}|localhost):(\d+)\b",
            lambda m: f"{LOOPBACK}:{self.port(service if m[1] == 'localhost' else m[1], int(m[2]))}",
            text,
        )
        text = _OPTION_PORT.sub(lambda m: str(self.port(service, int(m[0]))), text)
        # All at once, longest first: what a folder has become may look like another one of a container.
        folders = "|".join(sorted(self.folders, key=len, reverse=True))
        text = re.sub(rf"(?<![\w.-])({folders})(?=/|\b)", lambda m: str(self.folders[m[1]]), text)
        return text.replace(self.address, LOOPBACK)

    def command(self, service: Service) -> list[str]:
        """Return a service's command as it runs here."""
        before = ("", *service.command)
        return [
            str(self.port(service.name, int(argument)))
            if previous.endswith("-port") and argument.isdigit()
            else self.text(service.name, argument)
            for previous, argument in zip(before, service.command, strict=False)
        ]

    def health(self, service: Service) -> list[str]:
        """Return a service's health check as it is here."""
        return [self.text(service.name, argument) for argument in service.health]

    def environment(self, service: Service) -> dict[str, str]:
        """Return a service's environment as it is here."""
        return {
            name: str(self.port(service.name, int(value)))
            if name.endswith("_PORT") and value.isdigit()
            else self.text(service.name, value)
            for name, value in service.environment.items()
        }

    def nginx(self, service: str, text: str) -> str:
        """Return nginx's configuration as it is here."""
        text = _RESOLVE.sub("", text)
        text = _LISTEN.sub(lambda m: f"{m[1]}{LOOPBACK}:{self.port(service, int(m[2]))}", text)
        return self.text(service, text)
