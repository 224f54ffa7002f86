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
        (group,) = get_hookline_cli_commands()
        assert isinstance(group, GroupCommand)
        commands = {command.name: command for command in group.subcommands}
        command = commands[arguments[0]]
        assert isinstance(command, ActionCommand)
        parser = argparse.ArgumentParser(prog=command.name)
        for argument in command.args:
            argument.add_to_parser(parser)
        return command.func(parser.parse_args(arguments[1:]))

    return run
