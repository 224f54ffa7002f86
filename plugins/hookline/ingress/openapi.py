"""The public routes as an OpenAPI 3.1 document: what senders, browsers and probes may rely on."""

from __future__ import annotations

from typing import Any

from hookline import __version__
from hookline.protocol import problem
from hookline.protocol.problem import Problem
from hookline.protocol.source import METHODS

PROBLEM_JSON = "application/problem+json"
SOURCE = r"^[a-z0-9][a-z0-9_-]{0,99}$"
_TEXT = {"type": "string"}
_RETRY = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}


def document(server: str = "/") -> dict[str, Any]:
    """Return the document, a new one each time.

    :param server: URL, or path of it, below which ``/hooks`` is served.
    """
    inbound = {"$ref": "#/components/parameters/source"}
    event_path = {"$ref": "#/components/parameters/event_path"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hookline, public routes",
            "version": __version__,
            "description": "A source may answer events in words and with a status of its own.",
        },
        "servers": [{"url": server}],
        "paths": {
            "/hooks/in/{source}": _receiving("", [inbound]),
            "/hooks/in/{source}/{event_path}": _receiving("_with_path", [inbound, event_path]),
            "/hooks/status/{token}": {"get": _status()},
            "/hooks/health": {"get": _health("ready", "database", "stopped")},
            "/hooks/health/live": {"get": _health("alive", "stopped")},
            "/hooks/oauth/callback": {"get": _callback()},
        },
        "components": {
            "parameters": {
                "source": _path("source", "The source's name.", SOURCE),
                "event_path": _path("event_path", "The event's type; more segments may follow.", "^[^/?#]+$"),
            },
            "schemas": {"Problem": _PROBLEM, "Accepted": _ACCEPTED, "Batch": _BATCH, "Handshake": _HANDSHAKE},
        },
    }


def _receiving(suffix: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    stored = _answer("Stored before, or a handshake.")
    stored["content"]["text/plain"] = {"schema": _TEXT}  # what some vendors' handshakes want
    answers = {
        "200": stored,
        "202": _answer("Stored."),
        "204": {"description": "A handshake."},
        **_refusals(),
    }
    body: dict[str, Any] = {
        "requestBody": {
            "description": "JSON, or another format that is read.",
            "content": {"application/json": {"schema": {}}},
        }
    }
    methods = {
        method.lower(): {
            "operationId": f"receive_{method.lower()}{suffix}",
            "summary": "Receive an event, where the source takes this method.",
            "parameters": parameters,
            **({} if method == "GET" else body),
            "responses": answers,
        }
        for method in METHODS
    }
    preflight = {
        "operationId": f"preflight{suffix}",
        "summary": "Ask what a page may send (CORS), or whether anybody is there (a handshake).",
        "parameters": parameters,
        "responses": answers,
    }
    return {**methods, "options": preflight}


def _refusals() -> dict[str, Any]:
    by_status: dict[int, list[Problem]] = {}
    for one in vars(problem).values():
        if isinstance(one, Problem):
            by_status.setdefault(one.status, []).append(one)
    return {
        str(status): {
            "description": " / ".join(one.title for one in kinds),
            "content": {PROBLEM_JSON: {"schema": _problem(kinds)}},
            **({"headers": _RETRY} if status in (429, 503) else {}),
        }
        for status, kinds in sorted(by_status.items())
    }


def _problem(kinds: list[Problem]) -> dict[str, Any]:
    types = {"enum": [f"urn:hookline:problem:{one.slug}" for one in kinds]}
    return {"allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"type": types}}]}


def _answer(description: str) -> dict[str, Any]:
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in ("Accepted", "Batch", "Handshake")]
    return {"description": description, "content": {"application/json": {"schema": {"anyOf": kinds}}}}


def _health(verdict: str, *others: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        verdict: {"type": "boolean"},
        "database": _TEXT,
        "stopped": {"type": "array", "items": _TEXT},
        "leaving": {"type": "boolean"},
    }
    schema = {"type": "object", "required": [verdict, *others], "properties": properties}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": verdict,
        "summary": "For probes.",
        "responses": {
            "200": {"description": "Yes.", "content": content},
            "503": {"description": "No.", "content": content},
        },
    }


def _status() -> dict[str, Any]:
    problem_json = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "operationId": "status",
        "summary": "What has become of one event; answers name the URL.",
        "parameters": [_path("token", "Names the event, and expires.", "^[A-Za-z0-9_-]+$")],
        "responses": {
            "200": {"description": "Its state.", "content": {"application/json": {"schema": _OUTCOME}}},
            "404": {"description": "No such event, or too late.", "content": problem_json},
            "503": {"description": "Ask again.", "content": problem_json, "headers": _RETRY},
        },
    }


def _callback() -> dict[str, Any]:
    page = {"content": {"text/html": {"schema": _TEXT}}}
    return {
        "operationId": "oauth_callback",
        "summary": "Where an OAuth 2.0 provider sends the browser back to (RFC 6749, section 4.1.2).",
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": _TEXT}
            for name in ("state", "code", "error")
        ],
        "responses": {
            "200": {"description": "Connected.", **page},
            "400": {"description": "Not connected.", **page},
            "503": {"description": "Try again.", **page},
        },
    }


def _path(name: str, description: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern, "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
}
_ACCEPTED = {
    "type": "object",
    "required": ["event_id", "status", "duplicate"],
    "properties": {"event_id": _TEXT, "status": {"const": "accepted"}, "duplicate": {"type": "boolean"}},
}
_BATCH = {
    "type": "object",
    "required": ["events"],
    "properties": {"events": {"type": "array", "items": {"$ref": "#/components/schemas/Accepted"}}},
}
_OUTCOME = {
    "type": "object",
    "required": ["event_id", "status"],
    "properties": {"event_id": _TEXT, "status": _TEXT, "response": {"type": "object"}},
}
_HANDSHAKE = {
    "type": "object",
    "required": ["status", "event"],
    "properties": {"status": {"const": "ok"}, "event": _TEXT},
}
