"""Operators: what a Dag author puts into a Dag."""
