"""How a task ends in the triggerer without its answer ending up in a log."""

from __future__ import annotations

from airflow.triggers.base import TaskSuccessEvent


class Succeeded(TaskSuccessEvent):
    """Ends the task. The triggerer logs each event as text, so the text leaves out the XCom."""

    def __repr__(self) -> str:
        return "Succeeded"

    __str__ = __repr__
