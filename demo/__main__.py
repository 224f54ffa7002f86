"""``make demo``: one command from a fresh clone to two events that went all the way."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from demo.errors import DemoError
from demo.outcome import Outcome, Runs
from demo.ports import free_port
from demo.progress import step
from demo.scenario import Scenario
from demo.settings import ADMIN, SHELL, overridden
from demo.stack import REPOSITORY, Stack
from demo.supervise import end_with_parent
from demo.table import table

# Set by bootstrap.py, so that installing counts into the total.
STARTED = float(os.environ.get("HOOKLINE_STARTED") or time.time())
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str]) -> int:
    """Run the demo; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when both events went through")
    parser.add_argument("--db", default="postgres", help="postgres (default) or sqlite")
    parser.add_argument("--port", type=int, default=8080, help="of Airflow's api-server (default 8080)")
    options = parser.parse_args(arguments)
    for number in ENDING:
        signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ:
        end_with_parent(signal.SIGTERM)
    try:
        stack = Stack(REPOSITORY / ".demo", database=options.db, port=options.port)
        try:
            play(stack)
            if not options.once:
                stay_up(stack)
        finally:
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)
            stop(stack)
    except DemoError as error:
        if error.details:
            print(error.details)
        print(f"make demo: {error}")
        return 1
    except KeyboardInterrupt:
        print("make demo: interrupted before it was ready.")
        return 128 + signal.SIGINT
    return 0


def play(stack: Stack) -> None:
    """Start the stack, send the events, show what came of them.

    Raises:
        DemoError: a step failed, or an event did not go all the way.
    """
    for name in overridden(os.environ):
        print(f"  {name} of your environment is not used: the demo has a folder and a database of its own.")
    stack.start(step)
    echo_port = free_port()
    stack.spawn("echo", [sys.executable, "-m", "demo.echo", str(echo_port)], folder=REPOSITORY)
    stack.wait_ready(step=step)
    scenario = Scenario(stack, echo_port)
    with step("create Connections") as current:
        current.detail = ", ".join(scenario.create_connections())
    with step("Dags are parsed") as current:
        scenario.wait_for_dags(current)
    with step("send a GitHub push and a new platform user"):
        runs = Runs(stack, scenario.send())
    with step("their Dag runs end") as current:
        runs.wait(current)
    outcomes = runs.outcomes(f"http://127.0.0.1:{echo_port}")
    show(outcomes, stack)
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        raise DemoError(f"{'; '.join(problems)}. The logs in {stack.home.path} say why.")


def show(outcomes: Sequence[Outcome], stack: Stack) -> None:
    """Print the table and the pages to look at."""
    titles = ("event id", "Dag", "run id", "state", "outgoing call", "status")
    rows = [(o.event_id, o.dag_id, o.run_id, o.state, o.call or "-", o.status or "-") for o in outcomes]
    print("\n" + table(titles, rows, shutil.get_terminal_size((200, 24)).columns) + "\n")
    pages = {"Airflow": stack.url}
    pages.update({f"run of {outcome.dag_id}": outcome.page for outcome in outcomes})
    pages.update({"Connections": f"{stack.url}/connections", "health": f"{stack.url}/hooks/health"})
    for name, page in pages.items():
        print(f"  {name:<22} {page}")
    print(f"  {'log in as':<22} {ADMIN}, password {stack.password()}")
    print(f"  {'in a terminal':<22} . {os.path.relpath(stack.home.path / SHELL)}; airflow hookline --help")
    print()


def stay_up(stack: Stack) -> None:
    """Return at Ctrl-C, or when asked to end.

    Raises:
        DemoError: a component ended by itself.
    """
    print(f"  Ready after {time.time() - STARTED:.1f} s. Ctrl-C ends it.\n", flush=True)
    try:
        while True:
            stack.require_alive()
            time.sleep(0.5)
    except KeyboardInterrupt:
        print()


def stop(stack: Stack) -> None:
    """Stop what was started, and tell the time it all took."""
    if stack.components:
        with step("stop everything"):
            stack.stop()
    print(f"  The demo took {time.time() - STARTED:.1f} s in total.", flush=True)


def _interrupt(*_signal: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
