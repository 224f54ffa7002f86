"""Pages as HTML: one stylesheet inside the page, no script, nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hookline.pages.form import Form
from hookline.pages.posted import Error, Posted

FOLDER = Path(__file__).parent / "templates"
TRAP = "website"
"""Name of the field that people do not see and programs fill in."""
_STYLE = (FOLDER / "page.css").read_text()
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    # Content Security Policy Level 3: the style by its digest, no script at all, forms to this origin only.
    "content-security-policy": (
        "default-src 'none'; style-src 'sha256-"
        + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
"""Header fields of every page."""


def message(
    title: str, *lines: str, facts: Sequence[tuple[str, str]] = (), again: str | None = None
) -> bytes:
    """Return a page that says something.

    :param facts: names and values.
    :param again: path of the form that the page leads back to.
    """
    return _render("message.html", title=title, lines=lines, facts=facts, again=again, errors=())


def form(
    form: Form,
    title: str,
    posted: Posted,
    *,
    errors: Sequence[Error] = (),
    hidden: Mapping[str, str],
    trap: str | None = None,
    button: str = "Send",
) -> bytes:
    """Return the page of a form.

    :param posted: what stands in the fields.
    :param errors: shown above and, where they have a field, beside it.
    :param hidden: further fields by name, which a person does not see.
    :param trap: name of a field that nobody sees.
    """
    places = {field.name: field for field in form.root.leaves() if field.kind != "fixed"}
    return _render(
        "form.html",
        title=title,
        description=form.description,
        fields=form.fields,
        posted=posted,
        errors=errors,
        wrong={error.name: error.message for error in reversed(errors)},
        places=places,
        uploads=bool(form.uploads),
        hidden=hidden,
        trap=trap,
        button=button,
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _render(template: str, **values: Any) -> bytes:
    style = Markup(_STYLE)  # noqa: S704  # nosec B704  a file of ours
    text = _environment().get_template(template).render(style=style, **values)
    return text.encode("utf-8", "replace")
