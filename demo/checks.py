"""``make check``, ``make test`` and ``make bench``: run what there is, tell how long each part took."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
STARTED = float(os.environ.get("HOOKLINE_STARTED") or time.time())

SHOWING = threading.Lock()

Parts = Mapping[str, Sequence[str]]


class Result(NamedTuple):
    """How a part ended."""

    name: str
    code: int
    seconds: float


def program(name: str, *arguments: str) -> list[str]:
    """Return the command line of a program of the virtual environment."""
    return [str(PROGRAMS / name), *arguments]


def checks() -> Parts:
    """Return the parts that read the code: seconds."""
    return {
        "ruff check": program("ruff", "check"),
        "ruff format": program("ruff", "format", "--check"),
        "mypy": program("mypy"),
        "import-linter": program("lint-imports", "--no-logo"),
        "bandit": program("bandit", "--quiet", "--recursive", "-ll", "plugins", "demo"),
        "pip-audit": [sys.executable, "-m", "demo.audit"],
    }


def tests() -> Sequence[Parts]:
    """Return all parts, in lanes: a whole Airflow mostly waits, and so does an audit; the rest computes."""
    quick = existing_tests("unit", "conformance", "architecture")
    processes = existing_tests("integration", "migration")
    whole = existing_tests("e2e")
    return (
        {"tests of the whole": program("pytest", *whole, "-m", "not own_stack")},
        {
            "tests of processes": program("pytest", *processes),
            "tests of other stacks": program("pytest", *whole, "-m", "own_stack"),
        },
        {**checks(), "tests without processes": program("pytest", *quick, "-n", "2")},
    )


def existing_tests(*folders: str) -> list[str]:
    """Return the folders below ``tests`` that hold a test."""
    paths = (REPOSITORY / "tests" / folder for folder in folders)
    return [str(path.relative_to(REPOSITORY)) for path in paths if any(path.rglob("test_*.py"))]


def benchmarks(name: str) -> Parts:
    """Return the benchmark ``name``, or all of them where it is empty."""
    names = sorted(p.stem for p in (REPOSITORY / "benchmarks").glob("*.py") if not p.stem.startswith("_"))
    if name and name not in names:
        raise SystemExit(f"There is no benchmark {name!r}. There are: {', '.join(names)}")
    return {n: [sys.executable, "-m", f"benchmarks.{n}"] for n in ([name] if name else names)}


def run(*lanes: Parts) -> int:
    """Run every part, also after one failed, lanes side by side; print a summary; return the exit code."""
    with ThreadPoolExecutor(len(lanes)) as threads:
        found = list(threads.map(partial(_run_lane, alone=len(lanes) == 1), lanes))
    results = [result for lane in found for result in lane]
    failed = sum(result.code != 0 for result in results)
    verdict = f"{failed} of {len(results)} parts failed" if failed else "all passed"
    print()
    for result in results:
        said = "ok" if result.code == 0 else f"failed (exit code {result.code})"
        print(f"  {result.name:<26} {result.seconds:7.1f} s   {said}")
    print(f"  {'in total, ' + verdict:<26} {time.time() - STARTED:7.1f} s", flush=True)
    return 1 if failed else 0


def _run_lane(parts: Parts, *, alone: bool) -> list[Result]:
    results = []
    for name, command in parts.items():
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        # Of several at once, each is shown as a whole when it has ended.
        ended = subprocess.run(
            command,
            cwd=REPOSITORY,
            check=False,
            text=True,
            errors="replace",
            stdout=None if alone else subprocess.PIPE,
            stderr=None if alone else subprocess.STDOUT,
        )
        if ended.stdout:
            with SHOWING:
                print(f"--- {name}: what it said\n{ended.stdout}", flush=True)
        results.append(Result(name, ended.returncode, time.monotonic() - started))
    return results


def main(arguments: Sequence[str]) -> int:
    """Run ``check``, ``test`` or ``bench [NAME]``."""
    match list(arguments):
        case ["check"]:
            return run(checks())
        case ["test"]:
            return run(*tests())
        case ["bench", *name]:
            # The last line is the last benchmark's result, for whoever reads it with a program.
            commands = benchmarks("".join(name)).values()
            codes = [subprocess.run(c, cwd=REPOSITORY, check=False).returncode for c in commands]
            return 1 if any(codes) else 0
    raise SystemExit("usage: python -m demo.checks check | test | bench [NAME]")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
