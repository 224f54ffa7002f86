"""Who carries out the steps of a :class:`~hookline.http.flow.Flow`: one lane blocks, the other awaits."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from hookline.exceptions import HooklineError
from hookline.http.flow import Renew, Reserve, Send, Step, Steps, Wait
from hookline.http.response import Answer, Received

LARGE = 64 * 1024
"""Bytes."""


class Lane(Protocol):
    """Acts on each step and returns what the flow is sent: a value, or for :func:`adrive` an awaitable."""

    def send(self, step: Send) -> Any:
        """Return the :class:`~hookline.http.response.Received` answer."""

    def reserve(self, step: Reserve) -> Any:
        """Return the seconds until the turn."""

    def renew(self, step: Renew) -> Any:
        """Return the :class:`~hookline.http.target.Target` with another token."""

    def wait(self, step: Wait) -> Any:
        """Return when the time has passed, or raise to go on later with ``step.progress``."""


def drive(steps: Steps, lane: Lane) -> Answer:
    """Carry out ``steps`` and return what they end with; what the lane raises is raised in the flow."""
    try:
        step = next(steps)
        while True:
            try:
                result = step.act(lane)
            except HooklineError as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        answer: Answer = end.value
        return answer


async def adrive(steps: Steps, lane: Lane) -> Answer:
    """Carry out ``steps`` as :func:`drive` does, awaiting what ``lane`` returns.

    Answers from :data:`LARGE` on are read on a thread: the loop has other calls.
    """
    try:
        step = next(steps)
        while True:
            try:
                result = await step.act(lane)
            except HooklineError as error:
                step = steps.throw(error)
            else:
                if isinstance(result, Received) and len(result.content) >= LARGE:
                    following = await asyncio.to_thread(_following, steps, result)
                    if isinstance(following, Answer):
                        return following
                    step = following
                else:
                    step = steps.send(result)
    except StopIteration as end:
        answer: Answer = end.value
        return answer


def _following(steps: Steps, result: Received) -> Step | Answer:
    # No thread can hand on a StopIteration.
    try:
        return steps.send(result)
    except StopIteration as end:
        answer: Answer = end.value
        return answer
