"""What a page says to a browser and to a screen reader."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from hookline.pages import html
from hookline.pages.form import build
from hookline.pages.posted import Error, Posted

EVIL = '"><script>alert(1)</script>{{ 7 * 7 }}'
PARTS: dict[str, Any] = {
    "text": {"type": "string"},
    "story": {"type": "string", "maxLength": 5000},
    "count": {"type": "integer"},
    "agree": {"type": "boolean"},
    "side": {"enum": ["left", EVIL]},
    "sides": {"type": "array", "items": {"enum": ["left", EVIL]}},
    "names": {"type": "array", "items": {"type": "string"}},
    "file": {"type": "string", "format": "binary"},
    "place": {"type": "object", "properties": {"city": {"type": "string", "description": EVIL}}},
}
SCHEMA = {"title": EVIL, "description": EVIL, "properties": PARTS, "required": ["text"]}
FORM = build(SCHEMA)
NAMES = [field.name for field in FORM.root.leaves()]
ERRORS = [Error(name, "is wrong") for name in NAMES]
TYPED = Posted({name: [EVIL] for name in NAMES})


class Elements(HTMLParser):
    """All elements of a page with their attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def drawn(posted: Posted = TYPED, errors: list[Error] = ERRORS) -> Elements:
    page = html.form(FORM, FORM.title, posted, errors=errors, hidden={"_token": EVIL}, trap=html.TRAP)
    return Elements(page)


def questions(page: Elements) -> list[dict[str, str | None]]:
    return [one for one in page.all("input", "select", "textarea") if str(one["name"]).startswith("/")]


def test_nothing_that_people_or_schemas_say_becomes_markup() -> None:
    page = drawn()
    assert page.all("script", "b") == []
    assert b"49" not in html.message(EVIL, EVIL, facts=[(EVIL, EVIL)], again=EVIL)


def test_the_policy_allows_the_page_s_own_style_and_nothing_else() -> None:
    page = html.message("Title").decode()
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = html.HEADERS["content-security-policy"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    assert "style=" not in page
    assert html.HEADERS["x-content-type-options"] == "nosniff"


def test_every_field_has_a_label() -> None:
    page = drawn()
    labelled = {one["for"] for one in page.all("label")}
    assert {one["id"] for one in questions(page)} <= labelled


def test_an_error_stands_beside_its_field_and_is_announced_with_it() -> None:
    page = drawn()
    ids = {one["id"] for _, one in page.found if one.get("id")}
    wrong = [one for _, one in page.found if one.get("aria-invalid") == "true"]
    assert len(wrong) == len(NAMES)
    for one in wrong:
        named = str(one["aria-describedby"]).split()
        assert set(named) <= ids
        assert any(name.endswith("-wrong") for name in named)


def test_the_summary_takes_the_focus_and_leads_to_the_fields() -> None:
    page = drawn()
    [summary] = [one for one in page.all("div") if one.get("role") == "alert"]
    assert "autofocus" in summary
    ids = {one["id"] for _, one in page.found if one.get("id")}
    targets = {str(one["href"]).removeprefix("#") for one in page.all("a")}
    assert len(targets) == len(NAMES)
    assert targets <= ids


def test_without_errors_nothing_is_announced() -> None:
    page = drawn(Posted(), [])
    assert not any("aria-invalid" in one or one.get("role") == "alert" for _, one in page.found)


def test_identifiers_are_unique() -> None:
    ids = [one["id"] for _, one in drawn().found if one.get("id")]
    assert len(ids) == len(set(ids))


def test_a_page_has_a_language_and_a_title_that_says_what_is_wrong() -> None:
    page = html.form(FORM, "Order", Posted(), errors=ERRORS, hidden={}).decode()
    assert '<html lang="en">' in page
    assert "<title>Error: Order</title>" in page


def test_files_are_sent_as_files_and_nothing_else_is() -> None:
    [form] = drawn().all("form")
    assert form["enctype"] == "multipart/form-data"
    plain = build({"properties": {"a": {"type": "string"}}})
    [form] = Elements(html.form(plain, "", Posted(), hidden={})).all("form")
    assert form["enctype"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("text", ["\nfirst", "a</textarea><p>", "\ud800"])
def test_what_was_typed_stands_there_again(text: str) -> None:
    form = build({"properties": {"a": {"type": "string", "maxLength": 5000}}})
    page = html.form(form, "", Posted({"/a": [text]}), hidden={}).decode()
    assert len(Elements(page.encode()).all("p")) == 0
