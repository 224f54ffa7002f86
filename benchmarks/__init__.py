"""Measurements; each prints a ratio against a reference of the same run. They are no tests."""
