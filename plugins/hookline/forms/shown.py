"""The form of an event: found by the event's Dag, made of its schema."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from hookline.exceptions import NamingError
from hookline.pages.form import Form, build
from hookline.pages.posted import CannotShow
from hookline.protocol import reference
from hookline.protocol.problem import NO_FORM, NO_PAGE, Rejected

if TYPE_CHECKING:
    from hookline.ingress.door import Door
    from hookline.protocol.source import Source

MOST = 500


class Shown:
    """Makes forms, and keeps them while their schema stays.

    :param door: knows the schemas.
    :param files: whether there is a place for files.
    """

    def __init__(self, door: Door, *, files: bool) -> None:
        self._door = door
        self._files = files
        self._made: OrderedDict[str, tuple[dict[str, Any], Form | str]] = OrderedDict()

    async def of(self, source: Source, segments: tuple[str, ...]) -> tuple[Form, tuple[str, ...]]:
        """Return the form of an event, and the dag ids that may run for it.

        :param segments: the event's type.
        :raises Rejected: no Dag takes it, or no page can ask for its data.
        """
        try:
            candidates = source.candidates(segments)
        except NamingError as error:
            raise _nothing(str(error)) from None
        found = await self._door.schema(candidates)
        if found is None:
            raise _nothing(f"No event Dag takes {' or '.join(f'`{name}`' for name in candidates)} now.")
        dag_id, schema = found
        known = self._made.get(dag_id)
        if known is None or known[0] != schema:
            known = self._made[dag_id] = (schema, self._make(dag_id, schema))
            self._made.move_to_end(dag_id)
            while len(self._made) > MOST:
                self._made.popitem(last=False)
        form = known[1]
        if isinstance(form, str):
            raise Rejected(NO_PAGE, "The form is not ready; its owner can see why in Airflow.", reason=form)
        return form, candidates

    def _make(self, dag_id: str, schema: dict[str, Any]) -> Form | str:
        if not schema:
            return f"The Dag `{dag_id}` declares no schema of its data, or none that can be read."
        try:
            form = build({"description": schema.get("description"), **reference.accepted(schema)})
        except CannotShow as error:
            return f"The Dag `{dag_id}` makes no page. {error}"
        if form.uploads and not self._files:
            return f"The Dag `{dag_id}` asks for files: set [hookline] storage_path to object storage."
        return form


def _nothing(reason: str) -> Rejected:
    return Rejected(NO_FORM, "There is no form at this address.", reason=reason)
