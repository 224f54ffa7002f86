"""Step webhooks, without Airflow and without a database: what may be declared, and what it means."""
