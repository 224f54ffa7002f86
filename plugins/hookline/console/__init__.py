"""Pages in Airflow's web UI: what arrived, what it caused, what was refused and why."""
