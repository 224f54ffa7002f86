"""The public OpenAPI document, held against the running gateway by schemathesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks, openapi

from demo.rest import request
from hookline.ingress.openapi import document
from tests.integration.conftest import SOURCES
from tests.integration.gateway import Gateway

EXAMPLES = 40
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
)


def described() -> dict[str, Any]:
    """Return the document with the names of sources that are open, beside invented ones."""
    made = document()
    name = made["components"]["parameters"]["source"]
    name["schema"] = {"anyOf": [{"enum": sorted({*SOURCES} - {"closed"})}, name["schema"]]}
    return made


SCHEMA = openapi.from_dict(described())


@pytest.fixture(scope="module")
def gateway(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(environment, tmp_path_factory.mktemp("openapi") / "log") as running:
        yield running
        assert running.terminate() == 0
        assert "Traceback" not in running.log.read_text()


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_has(case: schemathesis.Case, gateway: Gateway) -> None:
    case.call_and_validate(base_url=gateway.url, checks=list(CHECKS))


def test_the_document_is_served(gateway: Gateway) -> None:
    assert request("GET", f"{gateway.url}/hooks/openapi.json").json() == document()
