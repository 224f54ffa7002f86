"""Declares the commands that let events and jobs run again."""

from __future__ import annotations

from airflow.cli.cli_config import ARG_VERBOSE, ActionCommand, Arg, lazy_load_command

_SINCE = Arg(("--since",), metavar="TIME", help="Received then or later, e.g. 2026-09-21T12:00:00+02:00")
_UNTIL = Arg(("--until",), metavar="TIME", help="Received before")
_TYPE = Arg(("--type",), help="Of this type")
_OF_DAG = Arg(("--dag-id",), help="Of this Dag")
_TEXT = Arg(("--text",), help="With this text in the data")
_TO = Arg(("--to",), metavar="DAG_ID", help="Event Dag to go to; by default the event's own")
_VERSION = Arg(
    ("--version",),
    choices=("latest", "original"),
    default="latest",
    help="Dag version: the newest, or the one that ran then (default: latest)",
)
_EDITED = Arg(
    ("--data",), metavar="FILE", help="JSON that takes the place of the data; - reads standard input"
)
_RATE = Arg(("--rate",), type=int, default=100, help="Events a second (default: 100)")
_PLAN = Arg(("--dry-run",), action="store_true", help="Say what would happen, and do nothing")
_YES = Arg(("--yes", "-y"), action="store_true", help="Start without asking")
_LEAVE = Arg(("--no-wait",), action="store_true", help="Start, and end without watching")
_CANCEL = Arg(("--cancel",), type=int, metavar="NUMBER", help="Stop the replay of this number instead")
_REPLAY = (_TO, _VERSION, _EDITED, _RATE, _PLAN, _YES, _LEAVE, ARG_VERBOSE)
_WHICH = (_TYPE, _OF_DAG, _SINCE, _UNTIL, _TEXT)
_MAYBE_ID = Arg(("event_id",), nargs="?", help="The event's id; without it the filters say which events")
_MAYBE_JOB = Arg(
    ("job",), nargs="?", type=int, help="The job's number; without it the filters say which jobs"
)
_HELD_FOR = Arg(
    ("name",), help="Dag id that the held events wait for, as `events list` and the reason say it"
)


def of_events(state: Arg, source: Arg) -> tuple[ActionCommand, ...]:
    """Return the commands of ``airflow hookline events``."""
    return (
        ActionCommand(
            name="replay",
            help="Let events run again",
            func=lazy_load_command("hookline.cli.replay.replay_events"),
            args=(_MAYBE_ID, source, *_WHICH, state, _CANCEL, *_REPLAY),
        ),
        ActionCommand(
            name="release",
            help="Let held events go to a Dag",
            func=lazy_load_command("hookline.cli.replay.release"),
            args=(_HELD_FOR, *_REPLAY),
        ),
    )


def of_jobs(state: Arg, source: Arg) -> ActionCommand:
    """Return the command of ``airflow hookline jobs``."""
    return ActionCommand(
        name="replay",
        help="Let jobs run again",
        func=lazy_load_command("hookline.cli.replay.replay_jobs"),
        args=(_MAYBE_JOB, source, *_WHICH, state, *_REPLAY),
    )
