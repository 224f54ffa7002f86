"""Doctor's look at the sources: every Connection of type ``webhook`` that can be listed."""

from __future__ import annotations

from collections.abc import Iterator

from hookline.cli.finding import Finding, fail, ok, warn
from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.ingress.connections import listed, load


def findings() -> Iterator[Finding]:
    """Yield one finding for each source; a secrets backend cannot be listed and is left out."""
    names = sorted(listed())
    if not names:
        yield warn(
            "sources",
            "none in the database or the environment (a secrets backend cannot be listed)",
            "Make a Connection of type `webhook`; its id is the source's name.",
        )
    for name in names:
        yield _source(name)


def _source(name: str) -> Finding:
    subject = f"source {name}"
    try:
        source = load(name)
    except ConfigurationError as error:
        return fail(subject, f"closed: {error}", "Edit the Connection.")
    except BackendUnavailable as error:
        return fail(subject, f"cannot be read: {error}", "Check [secrets] backend.")
    if source is None:
        return warn(subject, "hidden by a Connection of another type", "Rename the other Connection.")
    if source.scheme.name == "none":
        return warn(subject, "open: whoever knows the URL may send", "Choose an `auth_type` the sender has.")
    return ok(subject, f"{source.scheme.name}, POST /hooks/in/{name}")
