"""The pages of Airflow's web UI as a person uses them; texts are those of the English UI."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page


def read_editor(box: Locator) -> str:
    """Return the whole text of a JSON editor."""
    editor = _editor(box)
    editor.focus()
    box.page.evaluate("navigator.clipboard.writeText('')")
    editor.press("ControlOrMeta+A")
    editor.press("ControlOrMeta+C")
    text: str = box.page.evaluate("navigator.clipboard.readText()")
    return text


def write_editor(box: Locator, text: str) -> None:
    """Replace the text of a JSON editor."""
    editor = _editor(box)
    editor.focus()
    box.page.evaluate("text => navigator.clipboard.writeText(text)", text)
    editor.press("ControlOrMeta+A")
    editor.press("ControlOrMeta+V")


def _editor(box: Locator) -> Locator:
    return box.get_by_role("textbox", name="Editor content")


class ConnectionForm:
    """The dialog in which a Connection is added or edited; one of its sections is open at a time."""

    def __init__(self, dialog: Locator) -> None:
        self.dialog = dialog

    def open(self, section: str) -> None:
        """Open a section, such as ``Extra Fields``."""
        button = self.dialog.get_by_role("button", name=section, exact=True)
        if button.get_attribute("aria-expanded") != "true":
            button.click()

    def field(self, label: str) -> Locator:
        """Return a field with its label and its explanation."""
        named = self.dialog.page.get_by_text(label, exact=True)
        return self.dialog.get_by_role("group").filter(has=named)

    def input(self, label: str) -> Locator:
        """Return the input of a field of text or of a number."""
        return self.field(label).locator("input").first

    def labels(self) -> Locator:
        """Return the labels of the section that is open."""
        return self.dialog.get_by_role("region").locator("label").filter(visible=True)

    def choose(self, label: str, option: str) -> None:
        """Choose in a list."""
        self.dialog.get_by_role("combobox", name=label).click()
        self.dialog.page.get_by_role("option", name=option, exact=True).click()

    def unchoose(self, label: str) -> None:
        """Take a choice back."""
        self.dialog.get_by_role("combobox", name=label).press("Backspace")

    def options(self, label: str) -> list[str]:
        """Return what can be chosen."""
        box = self.dialog.get_by_role("combobox", name=label)
        box.click()
        found = self.dialog.page.get_by_role("option")
        found.first.wait_for()
        texts = found.all_inner_texts()
        box.blur()  # Escape would close the whole dialog
        return texts

    def write_json(self, text: str) -> None:
        """Write the extra as JSON."""
        self.open("Extra Fields JSON")
        write_editor(self.dialog, text)
        self.dialog.get_by_role("heading").first.click()

    def save(self) -> None:
        """Save, and wait until the dialog is gone."""
        self.dialog.get_by_role("button", name="Save").click()
        self.dialog.wait_for(state="hidden")


class Connections:
    """The page Admin > Connections."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.goto("/connections?limit=100")

    def add(self, conn_id: str, type_name: str) -> ConnectionForm:
        """Open the form for a new Connection of the type with this name in the list."""
        self.page.get_by_role("button", name="Add Connection").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Connection ID").fill(conn_id)
        dialog.get_by_role("combobox", name="Connection Type").click()
        self.page.get_by_role("option", name=type_name, exact=True).click()
        dialog.get_by_role("button", name="Standard Fields").wait_for()
        return ConnectionForm(dialog)

    def edit(self, conn_id: str) -> ConnectionForm:
        """Open the form of a Connection in the list."""
        self.row(conn_id).get_by_role("button", name="Edit Connection").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Standard Fields").wait_for()
        return ConnectionForm(dialog)

    def test(self, conn_id: str) -> tuple[str, str]:
        """Press the Test button; return the title and the text of what the UI then says."""
        self.row(conn_id).get_by_role("button", name="Test Connection").click()
        said = self.page.get_by_role("status").filter(has_text=re.compile("Test Connection (Succ|Fail)"))
        title, text = said.last.inner_text().split("\n", maxsplit=1)
        return title, text

    def row(self, conn_id: str) -> Locator:
        """Return a line of the list."""
        return self.page.get_by_role("row").filter(
            has=self.page.get_by_role("cell", name=conn_id, exact=True)
        )


class TriggerForm:
    """The dialog in which a person starts a run of a Dag."""

    def __init__(self, page: Page, dag_id: str) -> None:
        self.page = page
        page.goto(f"/dags/{dag_id}")
        page.get_by_role("button", name="Trigger").click()
        self.dialog = page.get_by_role("dialog")
        self.dialog.locator(".view-line").first.wait_for()

    def read(self, label: str) -> str:
        """Return the text of a parameter."""
        return read_editor(self._field(label))

    def write(self, label: str, text: str) -> None:
        """Replace the text of a parameter."""
        write_editor(self._field(label), text)

    def trigger(self) -> str:
        """Start the run; return its id."""
        with self.page.expect_response(re.compile("/dagRuns$")) as answer:
            self.dialog.get_by_role("button", name="Trigger").click()
        run_id: str = answer.value.json()["dag_run_id"]
        return run_id

    def _field(self, label: str) -> Locator:
        return self.dialog.get_by_role("group").filter(has_text=label)
