"""Doctor's look at Airflow's own components: without one of them, what is accepted goes no further."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.jobs.job import most_recent_job

from hookline.cli.finding import Finding, fail, ok, warn

JOBS = {
    "scheduler": ("SchedulerJob", "no run begins"),
    "dag-processor": ("DagProcessorJob", "new and changed Dags are not seen"),
    "triggerer": ("TriggererJob", "calls without a worker and long waits do not go on"),
}


def findings() -> Iterator[Finding]:
    """Yield one finding for each component that sends heartbeats."""
    for name, (job_type, loss) in JOBS.items():
        job = most_recent_job(job_type)
        if job is not None and job.is_alive():
            yield ok(name, "runs")
        else:
            found = f"not running: {loss}"
            action = f"Start it: airflow {name}"
            yield warn(name, found, action) if name == "triggerer" else fail(name, found, action)
