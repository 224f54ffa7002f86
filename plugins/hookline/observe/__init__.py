"""What happens to steps and runs, seen in Airflow's tables, and who is to be told of it."""
