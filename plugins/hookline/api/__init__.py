"""The management API: ``/hooks/api/v1/…`` with Airflow's authentication and authorisation."""
