"""What a task waits for, between the worker that parks it and the server that wakes it."""

from __future__ import annotations

KEY = "hookline_wait"
"""Member of the parked task's ``next_kwargs`` that holds the wait."""
RESULT = "result"
"""Member of the event a task is woken with that holds the result as JSON text."""
