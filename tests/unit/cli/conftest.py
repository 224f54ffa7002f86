"""Commands as ``airflow`` would call them, without the stack."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import pytest
from airflow.cli.cli_config import ActionCommand, GroupCommand

from hookline.cli.definition import get_hookline_cli_commands
from tests.conformance.http.conftest import connect, server  # noqa: F401  fixtures
from tests.unit.tokens.conftest import crm, provider, tokens  # noqa: F401  fixtures


@pytest.fixture
def hookline() -> Callable[..., Any]:
    """Run ``airflow hookline …`` with the arguments given."""

    def run(*arguments: str) -> Any:
        (command,) = get_hookline_cli_commands()
        rest = list(arguments)
        while isinstance(command, GroupCommand):
            name = rest.pop(0)
            (command,) = (below for below in command.subcommands if below.name == name)
        assert isinstance(command, ActionCommand)
        parser = argparse.ArgumentParser(prog=command.name)
        for argument in command.args:
            argument.add_to_parser(parser)
        return command.func(parser.parse_args(rest))

    return run
