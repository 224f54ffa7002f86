"""``airflow hookline send``: what the sender would post, signed with the source's own secret."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline import catalog
from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError, NamingError
from hookline.ingress.connections import load
from hookline.protocol import naming, sending
from hookline.protocol.source import Source

TIMEOUT = (5, 30)
JSON = "application/json"


@suppress_logs_and_warning
@providers_configuration_loaded
def send(args: Namespace) -> None:
    """Post one event and print the answer.

    :raises SystemExit: nothing could be sent, or the answer is no 2xx.
    """
    import requests

    known = catalog.find(args.event)
    source = _source(args.source or (known.source if known else args.event.partition(".")[0]))
    path = args.path if args.path is not None else _path(args.event, known, source)
    url = f"{_base_url(args.url)}/hooks/in/{source.name}" + (f"/{path.strip('/')}" if path else "")
    data = _data(args, known)
    content_type = known.content_type if known else JSON
    if content_type != JSON and not isinstance(data, dict):
        raise SystemExit(f"`{args.event}` is sent as a form, so its data is a JSON object.")
    body = known.body(data) if known else json.dumps(data).encode("utf-8")
    if args.delivery_id is None and content_type == JSON:
        body += sending.difference()
    headers = {"Content-Type": content_type, **(known.headers if known else {})}
    try:
        headers = sending.signed(
            source, url, headers, body, path=path, delivery_id=_delivery_id(args.delivery_id)
        )
    except ConfigurationError as error:
        raise SystemExit(f"`{source.name}` cannot be sent to: {error}") from None
    try:
        # Redirects would carry the signature to another host.
        encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in headers.items()}
        answer = requests.post(url, data=body, headers=encoded, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise SystemExit(
            f"Nothing answers at {url} ({type(error).__name__}). Is the api-server up? Another one: --url."
        ) from None
    print(f"POST {url} -> {answer.status_code} {answer.text}")
    if not answer.ok:
        raise SystemExit(1)
    if "event_id" in answer.text:
        print(f"What became of it: airflow hookline events show {answer.json()['event_id']}")


def _source(name: str) -> Source:
    try:
        source = load(name)
    except (ConfigurationError, BackendUnavailable) as error:
        raise SystemExit(f"The source `{name}` cannot be used: {error}") from None
    if source is None:
        raise SystemExit(
            f"There is no Connection `{name}` of type `webhook`. Make one in the web UI (Admin, Connections),"
            " or name another one with --source."
        )
    return source


def _path(event: str, known: catalog.KnownEvent | None, source: Source) -> str:
    if known is not None:
        return known.event_path
    if source.event_type.kind != "path":
        return ""
    try:
        segments = naming.split(event.removeprefix(f"{source.dag_prefix}."))
    except NamingError as error:
        raise SystemExit(f"{error} Or say where to send with --path.") from None
    return "/".join(naming.ANY if segment is None else quote(segment, safe="") for segment in segments)


def _delivery_id(given: str | None) -> str | None:
    if given is not None and not (given.isascii() and given.isprintable()):
        raise SystemExit("--delivery-id goes into a header: printable ASCII only.")
    return given


def _base_url(given: str | None) -> str:
    from airflow.configuration import conf

    url = given or conf.get("api", "base_url", fallback="") or "http://localhost:8080"
    try:
        usable = urlsplit(url).scheme in ("http", "https")
    except ValueError:
        usable = False
    if not usable:
        raise SystemExit(f"`{url}` is no base URL; write for example --url http://localhost:8080.")
    return str(url).rstrip("/")


def _data(args: Namespace, known: catalog.KnownEvent | None) -> Any:
    if args.sample and args.data:
        raise SystemExit("Use --sample or --data, not both.")
    if args.data:
        text = sys.stdin.read() if args.data == "-" else _read(Path(args.data))
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SystemExit(f"`{args.data}` is not JSON: {error}") from None
    if not args.sample:
        raise SystemExit("Say what to send: --sample, or --data FILE.")
    if known is None:
        raise SystemExit(
            f"The catalog has no sample of `{args.event}`; `airflow hookline catalog list` shows what it has."
            " Send your own with --data FILE."
        )
    return known.sample


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SystemExit(f"`{file}` cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SystemExit(f"`{file}` is not UTF-8.") from None
