"""The ``step-webhooks`` group of the command line; each command is imported when it runs."""

from __future__ import annotations

from airflow.cli.cli_config import (
    ARG_OUTPUT,
    ARG_VERBOSE,
    ActionCommand,
    Arg,
    GroupCommand,
    lazy_load_command,
)

_NAME = Arg(("name",), help="Name of a step webhook that is not declared in code")
_FILE = Arg(("-f", "--file"), required=True, help="YAML file; - reads standard input")


def step_webhooks() -> GroupCommand:
    """Return the group."""
    return GroupCommand(
        name="step-webhooks",
        help="Who is told of steps, and when",
        subcommands=(
            _command("list", "list_all", "List all of them, with where they are declared", ARG_OUTPUT),
            _command("apply", "apply", "Declare those of a YAML file, or change them", _FILE),
            _command("enable", "enable", "Send it again", _NAME),
            _command("disable", "disable", "Send it no more", _NAME),
            _command("delete", "remove", "Forget it", _NAME),
        ),
    )


def _command(name: str, function: str, text: str, *args: Arg) -> ActionCommand:
    func = lazy_load_command(f"hookline.cli.step_webhooks.{function}")
    return ActionCommand(name=name, help=text, func=func, args=(*args, ARG_VERBOSE))
