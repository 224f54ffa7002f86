"""The YAML of step webhooks: a list of definitions, each with the Dag and the step that it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from hookline.exceptions import ConfigurationError
from hookline.steps import definition
from hookline.steps.definition import StepWebhook

MAX_CHARS = 1024 * 1024
LIST = "step_webhooks"


@dataclass(frozen=True)
class Entry:
    """One webhook of the document.

    :param step: a task or a task group; empty for every step of the Dag, or for its runs.
    """

    dag_id: str
    step: str
    webhook: StepWebhook


def read(text: str) -> list[Entry]:
    """Read the document.

    :raises ConfigurationError: with the first thing that is wrong and where.
    """
    if len(text) > MAX_CHARS:
        raise ConfigurationError(f"the document is {len(text)} characters; {MAX_CHARS} are allowed")
    try:
        # An alias of aliases is a small text and a document without end.
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ConfigurationError("the document has an alias (`*name`); write the text out")
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"it is no YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(document, dict) or not isinstance(document.get(LIST), list):
        raise ConfigurationError(f"the document must be an object with a list `{LIST}`")
    unknown = [key for key in document if key not in (LIST, "version")]
    if unknown:
        raise ConfigurationError(f"the document has no field {unknown[0]!r}; it has `{LIST}` and `version`")
    if document.get("version", 1) != 1:
        raise ConfigurationError("`version` must be 1")
    entries = [*_entries(document[LIST])]
    names = [entry.webhook.name for entry in entries]
    twice = [name for name in names if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise ConfigurationError(f"the document has two step webhooks named `{twice[0]}`")
    return entries


def _entries(items: list[Any]) -> Iterator[Entry]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            raise ConfigurationError(f"number {number} of `{LIST}` is no object")
        # YAML 1.1 reads the key `on` as true.
        fields = {("on" if key is True else key): value for key, value in item.items()}
        dag_id, step = fields.pop("dag", None), fields.pop("step", None)
        if not isinstance(dag_id, str) or not dag_id:
            raise ConfigurationError(f"number {number} of `{LIST}` needs `dag`, the id of a Dag")
        if step is not None and not isinstance(step, str):
            raise ConfigurationError(
                f"number {number} of `{LIST}`: `step` is the id of a task or a task group"
            )
        try:
            yield Entry(dag_id, step or "", definition.parse(fields))
        except ConfigurationError as error:
            raise ConfigurationError(f"number {number} of `{LIST}`: {error}") from None
