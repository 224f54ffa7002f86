"""``python -m tests.versions 3.3.1``: what we use of Airflow's internals, looked for in another Airflow.

The other version lies before the installed one on the path; its dependencies are the installed ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = "tests/unit/test_airflow_internals.py"


def task_sdk(version: str) -> str:
    """Return the version of the Task SDK that is released with an Airflow: 1.3.1 with 3.3.1."""
    major, _, rest = version.partition(".")
    return f"{int(major) - 2}.{rest}"


def main(version: str) -> int:
    """Run the tests on ``version``; return their exit code."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = [f"apache-airflow-core=={version}", f"apache-airflow-task-sdk=={task_sdk(version)}"]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *wanted]
        subprocess.run(pip, check=True)
        paths = os.pathsep.join([folder, str(ROOT / "plugins"), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": paths}
        asked = [
            sys.executable,
            "-c",
            "import airflow; print('Airflow', airflow.__version__, airflow.__file__)",
        ]
        subprocess.run(asked, env=environment, cwd=folder, check=True)
        tests = [sys.executable, "-m", "pytest", "-q", "-W", "default", TESTS]
        return subprocess.run(tests, env=environment, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
