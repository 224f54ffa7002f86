"""Webhooks start Airflow Dags, Dags call HTTP APIs, steps of a Dag tell other systems what happened."""

__version__ = "0.1.0"
