"""Known vulnerabilities of the pinned versions, where the database of them can be reached; else says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SECONDS = 60
UNKNOWN = "could not be audited"


def main() -> int:
    """Run pip-audit on constraints.txt; return 0 where nothing is known or nobody could be asked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", "constraints.txt", "--no-deps"]
    command += ["--disable-pip", "--progress-spinner", "off", "--timeout", "5"]
    try:
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        print(f"pip-audit had no answer within {SECONDS} s: not audited.")
        return 0
    said = done.stdout + done.stderr
    pins = sum("==" in line for line in (REPOSITORY / "constraints.txt").read_text().splitlines())
    if "vulnerabilit" in said and "No known vulnerabilities" not in said:
        print(said)
        return 1
    unknown = said.count(UNKNOWN)
    if done.returncode != 0 or unknown > pins // 2:
        print(
            f"The database of vulnerabilities cannot be reached from here: not audited ({unknown} of {pins})."
        )
    else:
        print(f"No known vulnerability in {pins - unknown} pinned versions.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
