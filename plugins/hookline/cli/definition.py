"""Declares the commands; each is imported when it runs."""


def get_hookline_cli_commands() -> list:
    return []
