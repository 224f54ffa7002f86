"""Whether a Dag takes a conf: Airflow's own check, with the schema compiled once instead of for each run.

Source: ``SerializedParamsDict.validate`` in ``airflow/serialization/definitions/param.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow.serialization.definitions.notset import is_arg_set
from jsonschema import FormatChecker
from jsonschema.validators import validator_for

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG

_FORMATS = FormatChecker()


class Validation:
    """Checks confs against the params of Dags."""

    def __init__(self) -> None:
        self._compiled: WeakKeyDictionary[SerializedDAG, dict[str, Any]] = WeakKeyDictionary()

    def check(self, dag: SerializedDAG, conf: Mapping[str, Any]) -> None:
        """Return if a run with this conf may be made.

        :raises ParamValidationError: with Airflow's own words.
        """
        compiled = self._compiled.get(dag)
        if compiled is None:
            compiled = self._compiled[dag] = {
                name: _compile(param.schema) for name, param in dag.params.items()
            }
        for name, validator in compiled.items():
            if not _takes(validator, conf[name] if name in conf else dag.params[name]):
                dag.params.deep_merge(conf).validate()
                return


def _takes(validator: Any, value: Any) -> bool:
    try:
        return validator is not None and is_arg_set(value) and bool(validator.is_valid(value))
    except Exception:  # noqa: BLE001  a reference that leads nowhere, a schema too deep
        return False


def _compile(schema: Any) -> Any:
    made = validator_for(schema)
    try:
        made.check_schema(schema)
    except Exception:  # noqa: BLE001  a schema that is none: Airflow says so in its own words
        return None
    return made(schema, format_checker=_FORMATS)
