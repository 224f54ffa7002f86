"""The reference names all there is, and no link leads nowhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from hookline.catalog.set_up import SetUp
from hookline.get_provider_info import get_provider_info, vendors
from hookline.protocol import problem
from hookline.protocol.problem import Rejected
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.signatures.scheme import Credentials
from hookline.protocol.source import _OPTIONS
from tests.unit.protocol.webhooks import Webhook

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\[[^]]*\]\(([^)#]*)(?:#([^)]*))?\)")


def text_of(page: str) -> str:
    return (DOCS / page).read_text()


def listed(page: str) -> set[str]:
    """Return what the first cells of a page's tables name."""
    text = (DOCS / "reference" / page).read_text()
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?ms)^```.*?^```", "", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [(to, at) for to, at in LINK.findall(page.read_text()) if not re.match(r"https?:", to)]

    assert [to for to, _ in links if not (page.parent / to).exists()] == []
    there = [(page.parent / to if to else page, at) for to, at in links if at]
    assert [at for target, at in there if at not in anchors(target)] == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            ahead += [page.parent / to for to, _ in LINK.findall(page.read_text()) if to and "://" not in to]

    assert {page for page in PAGES if "decisions" not in page.parts} <= reached


def test_every_room_is_in_the_table_of_the_architecture_and_no_other() -> None:
    table = (
        (ROOT / "ARCHITECTURE.md")
        .read_text()
        .partition("| room | does |")[2]
        .partition("`plugins/hookline_plugin.py`")[0]
    )
    cells = re.findall(r"(?m)^\| (`[^|]+) \|", table)
    package = ROOT / "plugins" / "hookline"
    rooms = {one.name for one in package.iterdir() if one.suffix == ".py" or (one / "__init__.py").exists()}

    assert set(re.findall(r"`([\w.]+?)/?`", " ".join(cells))) == rooms - {
        "__init__.py",
        "get_provider_info.py",
    }


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


def test_every_problem_and_route_of_the_management_is_in_the_reference() -> None:
    from hookline.api import application, problems

    named = {
        (one.slug, str(one.status)) for one in vars(problems).values() if isinstance(one, problem.Problem)
    }
    paths = application.document(application.create())["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    text = text_of("reference/management-api.md")

    assert set(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", text, re.MULTILINE)) == named
    assert set(re.findall(r"^\| `([A-Z]+ /\S+)` \|", text, re.MULTILINE)) == routes


def test_every_setting_is_in_the_reference_with_its_default() -> None:
    settings = get_provider_info()["config"]["hookline"]["options"]
    text = (DOCS / "reference" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (?:`([^`]+)`|none) \|", text, re.MULTILINE))

    assert rows == {name: option["default"] for name, option in settings.items()}


def test_every_vendor_is_in_the_reference_and_says_whether_it_is_verified() -> None:
    table = text_of("reference/sources.md").partition("\n## Vendors")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| [^|`]+ \| `(\w+)` \| .* \| ([^|]+) \|$", table, re.MULTILINE)
    files = [json.loads(file.read_text()) for file in (ROOT / "tests/vectors/webhooks").glob("*.json")]
    verified = {file["extra"]["auth_type"]: file["verified"] for file in files}

    assert {name: checked != "unverified" for name, checked in rows} == {
        name: verified[name] for name in vendors()
    }


def test_the_vendor_that_the_how_to_adds_is_verified() -> None:
    text = text_of("how-to/add-a-vendor.md")
    [module] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    [steps, vectors] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    namespace: dict[str, Any] = {}
    exec(module, namespace)
    [case] = vectors["cases"]
    verifier = namespace["SCHEME"].build(Credentials("", (vectors["password"],)), vectors["extra"])

    assert SetUp(**steps).title == "Acme"
    verifier.verify(Webhook("acme", vectors, case).message())
    with pytest.raises(Rejected):
        verifier.verify(Webhook("acme", vectors, case).message(body=b"{}"))
