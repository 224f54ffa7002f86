"""Inbox to Airflow; the only room that touches Airflow's internals."""
