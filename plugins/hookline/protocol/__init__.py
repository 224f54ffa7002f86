"""Sans-I/O rules of the inbound side: no Airflow, no database, no web framework."""
