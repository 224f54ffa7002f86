"""What a Dag author writes: event Dags, and the event inside them."""

from hookline.authoring.answer import respond
from hookline.authoring.declaration import event_dag
from hookline.authoring.event import Event, MissingEvent, require_event
from hookline.authoring.guard import EventGuard
from hookline.authoring.steps import step_webhooks
from hookline.protocol.mark import KEY as MARKER
from hookline.received import ReceivedFile
from hookline.steps.definition import StepWebhook

__all__ = [
    "MARKER",
    "Event",
    "EventGuard",
    "MissingEvent",
    "ReceivedFile",
    "StepWebhook",
    "event_dag",
    "require_event",
    "respond",
    "step_webhooks",
]
