"""Pages in Airflow's web UI: what arrived, what it caused, why something was refused, and how to put it right."""
