"""The commands below ``airflow hookline``."""
