"""``Idempotency-Key``: how the other side knows that a request is one it has seen.

Source: draft-ietf-httpapi-idempotency-key-header; Stripe, PayPal, Square and others take it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

HEADER = "Idempotency-Key"
_NAMESPACE = uuid.UUID("6f1d1c5e-3f0c-5b7e-9a53-4d1f6f0f3a11")


def derive(dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    """Return the key of a task in its run: a UUID that every try of it has, and no other task."""
    parts = (dag_id, run_id, task_id, str(map_index))
    return str(uuid.uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


def key_of(headers: Mapping[str, object]) -> str | None:
    """Return the key among ``headers``."""
    return next((str(value) for name, value in headers.items() if name.lower() == HEADER.lower()), None)


def has_key(headers: Mapping[str, object]) -> bool:
    """Tell whether there is one."""
    return bool(key_of(headers))
