"""Sensors: tasks that wait, without a worker."""
