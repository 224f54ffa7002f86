"""``make check``, ``make test`` and ``make bench``: run what there is, tell how long each part took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
STARTED = float(os.environ.get("HOOKLINE_STARTED") or time.time())

Parts = Mapping[str, Sequence[str]]


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


def tests() -> Parts:
    """Return the parts that run the code: what needs no Airflow processes in parallel, the rest in a row."""
    in_parallel = existing_tests("unit", "conformance", "architecture")
    in_a_row = existing_tests("integration", "migration", "e2e")
    parts: dict[str, Sequence[str]] = {}
    if in_parallel:
        parts["tests without processes"] = program("pytest", *in_parallel, "-n", "2")
    if in_a_row:
        parts["tests of the whole"] = program("pytest", *in_a_row)
    return parts


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


def run(parts: Parts) -> int:
    """Run every part, also after one failed; print a summary; return the exit code."""
    summary: list[str] = []
    failed = 0
    for name, command in parts.items():
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=REPOSITORY, check=False).returncode
        failed += code != 0
        verdict = "ok" if code == 0 else f"failed (exit code {code})"
        summary.append(f"  {name:<26} {time.monotonic() - started:7.1f} s   {verdict}")
    verdict = f"{failed} of {len(parts)} parts failed" if failed else "all passed"
    print("\n" + "\n".join(summary))
    print(f"  {'in total, ' + verdict:<26} {time.time() - STARTED:7.1f} s", flush=True)
    return 1 if failed else 0


def main(arguments: Sequence[str]) -> int:
    """Run ``check``, ``test`` or ``bench [NAME]``."""
    match list(arguments):
        case ["check"]:
            return run(checks())
        case ["test"]:
            return run({**checks(), **tests()})
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
