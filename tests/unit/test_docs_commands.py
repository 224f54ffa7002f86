"""The commands of the pages are those of the command line: each can be typed, each option is written down."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from airflow.cli.cli_config import ActionCommand, CLICommand, GroupCommand

from hookline.cli.definition import KINDS, get_hookline_cli_commands
from hookline.retention.rules import RULES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "settings.md"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
BLOCK = re.compile(r"^ *```(?:bash|console|shell)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
OF_MANY = {"--verbose", "--output"}


def leaves(command: CLICommand, above: str) -> Iterator[tuple[str, ActionCommand]]:
    name = f"{above} {command.name}"
    if isinstance(command, ActionCommand):
        yield name, command
    elif isinstance(command, GroupCommand):
        for below in command.subcommands:
            yield from leaves(below, name)


COMMANDS = {name: leaf for group in get_hookline_cli_commands() for name, leaf in leaves(group, "airflow")}


def options(command: ActionCommand) -> dict[str, object]:
    """Return the long options of a command, and their defaults."""
    flags = [(flag, argument.kwargs.get("default")) for argument in command.args for flag in argument.flags]
    return {flag: default for flag, default in flags if flag.startswith("--")}


def named(line: str) -> tuple[str, ActionCommand] | None:
    """Return the command that a line begins with; None for a group."""
    return next(((name, leaf) for name, leaf in COMMANDS.items() if f"{line} ".startswith(f"{name} ")), None)


def typed() -> Iterator[str]:
    """Yield what the code blocks of all pages have the reader type."""
    for page in PAGES:
        for line in "\n".join(BLOCK.findall(page.read_text())).splitlines():
            if found := re.fullmatch(r" *(?:\$ )?(airflow hookline .*)", line):
                yield found[1]


def mentioned() -> set[str]:
    """Return the commands that are named within sentences and tables."""
    return {text for page in PAGES for text in re.findall(r"`(airflow hookline [^`\n]+)`", page.read_text())}


def table() -> dict[str, str]:
    """Return of each command in the reference its row, and the pages to which the row leads."""
    rows = REFERENCE.read_text().partition("## Commands")[2].partition("## URLs")[0]
    found = {}
    for cell, meaning in re.findall(r"^\| `(airflow hookline [^`]+)` \| (.*) \|$", rows, re.MULTILINE):
        pages = re.findall(r"\]\(([^)#]+)", meaning)
        name = re.split(r" (?=[A-Z[-])", cell)[0]
        found[name] = "\n".join([cell, meaning, *((REFERENCE.parent / page).read_text() for page in pages)])
    return found


def parse(line: str) -> None:
    """Read a command as ``airflow`` would, without what is redirected.

    :raises argparse.ArgumentError: it cannot be typed.
    """
    command = named(line)
    assert command, "there is no such command"
    name, leaf = command
    parser = argparse.ArgumentParser(prog=name, exit_on_error=False)
    for argument in leaf.args:
        argument.add_to_parser(parser)
    words = shlex.split(line.removeprefix(name))
    parser.parse_args(list(takewhile(lambda word: word != ">", words)))


@pytest.mark.parametrize("line", sorted(set(typed())))
def test_what_is_written_can_be_typed(line: str) -> None:
    parse(line)


@pytest.mark.parametrize("text", sorted(mentioned()))
def test_what_is_mentioned_exists(text: str) -> None:
    groups = {name.rpartition(" ")[0] for name in COMMANDS}
    command = named(text)
    flags = set(re.findall(r"(--[a-z-]+)", text))

    assert command or text in groups
    assert not command or flags <= options(command[1]).keys()


def test_every_command_has_a_row_and_no_other() -> None:
    assert table().keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_row_or_its_page_names_every_option(name: str) -> None:
    text = table()[name]

    assert [flag for flag in options(COMMANDS[name]) if flag not in OF_MANY and flag not in text] == []


def test_the_defaults_of_the_gateway_are_those_of_its_page() -> None:
    page = (ROOT / "docs/how-to/put-it-on-the-internet.md").read_text()
    written = {}
    for names, defaults in re.findall(r"^\| (`--[^|]+) \| ([^|]+) \|", page, re.MULTILINE):
        written.update(zip(re.findall(r"--[a-z-]+", names), re.findall(r"`([^`]+)`", defaults), strict=False))
    defaults = options(COMMANDS["airflow hookline gateway"]).items()

    assert {flag: float(written[flag]) for flag, default in defaults if isinstance(default, int | float)} == {
        flag: default for flag, default in defaults if isinstance(default, int | float)
    }


def test_every_table_that_clean_knows_is_on_its_page() -> None:
    page = (
        (ROOT / "docs/how-to/operate-it.md").read_text().partition("| table | goes |")[2].partition("\n\n")[0]
    )

    assert re.findall(r"(?m)^\| `(\w+)` \|", page) == list(RULES) == list(KINDS)
