"""Kills components of the distributed stack at random; nothing may be lost and nothing come twice.

What it knows of Hookline is what its users know: addresses, Connections, Dags, Airflow's REST API.
"""
