"""The reference names all there is, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hookline.get_provider_info import get_provider_info
from hookline.protocol import problem
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.source import _OPTIONS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "ARCHITECTURE.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^]]*\]\(([^)#]+)(?:#[^)]*)?\)")


def listed(page: str) -> set[str]:
    """Return what the first cells of a page's tables name."""
    text = (DOCS / "reference" / page).read_text()
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if not re.match(r"https?:", link)]

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_option_of_a_source_is_in_the_reference_and_no_other() -> None:
    options = _OPTIONS.union(*(scheme.options for scheme in SCHEMES.values()))

    assert listed("sources.md") == options


def test_every_option_of_a_source_is_in_its_form() -> None:
    form = next(c for c in get_provider_info()["connection-types"] if c["connection-type"] == "webhook")
    options = _OPTIONS.union(*(scheme.options for scheme in SCHEMES.values()))

    assert set(form["conn-fields"]) == options
    assert set(form["conn-fields"]["auth_type"]["schema"]["enum"]) == set(SCHEMES)


def test_every_problem_is_in_the_reference() -> None:
    problems = {value for value in vars(problem).values() if isinstance(value, problem.Problem)}
    text = (DOCS / "reference" / "answers.md").read_text()
    rows = set(re.findall(r"^\| `([^`]+)` \| (\d+) \|", text, re.MULTILINE))

    assert rows == {(one.slug, str(one.status)) for one in problems}


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    settings = get_provider_info()["config"]["hookline"]["options"]
    text = (DOCS / "reference" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (?:`([^`]+)`|none) \|", text, re.MULTILINE))

    assert rows == {name: option["default"] for name, option in settings.items()}
