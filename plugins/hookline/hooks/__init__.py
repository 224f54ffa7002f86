"""Hooks: what a Dag author calls from a task of their own."""
