"use strict";
// The pages' one script: Airflow's theme, live parts, calls of the management API, links out of the frame.

const seconds = (element) => Number(element.dataset.live) * 1000;
const READING = 8000;
const dark = matchMedia("(prefers-color-scheme: dark)");

function followTheme() {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage may be off */ }
  const theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
}

// Airflow's pages are around the frame, which may not leave itself: their own link is followed.
function leave(href) {
  const around = window.parent;
  if (around === window) { location.assign(href); return; }
  const link = around.document.createElement("a");
  link.href = href;
  around.document.body.append(link);
  link.click();
  link.remove();
}

// On a phone the rows of a table stand as cards, whose values say what they are.
function label(page) {
  for (const table of page.querySelectorAll(".wide table")) {
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, place) => { cell.dataset.label = heads[place] || ""; });
    }
  }
}

async function refresh() {
  const parts = [...document.querySelectorAll("[data-live]")];
  if (!parts.length || document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  label(fresh);
  for (const part of parts) {
    const next = fresh.getElementById(part.id);
    if (next && next.innerHTML !== part.innerHTML && !busy(part)) replace(part, next);
  }
}

// Nobody loses what they are typing, marking, or about to confirm.
function busy(part) {
  const marked = getSelection();
  return Date.now() < Number(part.dataset.still || 0)
    || part.querySelector("input:focus, select:focus, textarea:focus, form[data-sure]") !== null
    || (!marked.isCollapsed && part.contains(marked.anchorNode));
}

// What was opened stays open, and the keyboard stays where it was.
function replace(part, next) {
  const open = new Map([...part.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  const active = document.activeElement;
  const place = part.contains(active) ? [...part.querySelectorAll(active.localName)].indexOf(active) : -1;
  const same = active.closest("details[id]");
  part.replaceWith(next);
  for (const [id, state] of open) {
    const details = document.getElementById(id);
    if (details) details.open = state;
  }
  if (place >= 0) {
    const summary = same && document.querySelector(`#${CSS.escape(same.id)} > summary`);
    (summary || next.querySelectorAll(active.localName)[place])?.focus({ preventScroll: true });
  }
}

async function live() {
  for (;;) {
    const waits = [...document.querySelectorAll("[data-live]")].map(seconds);
    await new Promise((done) => setTimeout(done, waits.length ? Math.min(...waits) : 5000));
    try { await refresh(); } catch { /* the server is away; the page stays as it was */ }
  }
}

function fields(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    const into = field.dataset.in ? (body[field.dataset.in] ||= {}) : body;
    const put = (value) => { into[field.name] = value; };
    if (field.type === "checkbox") put(field.checked);
    else if (field.value === "" && !("keep" in field.dataset)) continue;
    else if (field.dataset.type === "json") put(JSON.parse(field.value));
    else if (field.dataset.type === "number") put(Number(field.value));
    else put(field.value);
  }
  return body;
}

function filled(pattern, said) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(said[name]));
}

function problem(said, status) {
  const errors = (said.errors || []).map((one) => `${one.pointer} ${one.message}`);
  return [said.detail || said.title || `HTTP ${status}`, ...errors].join("\n");
}

async function call(form, submitter) {
  const output = form.querySelector("output");
  const part = form.closest("[data-live]");
  const show = (text, failed) => {
    output.textContent = text;
    output.classList.toggle("failed", failed);
    if (part) part.dataset.still = Date.now() + READING;
  };
  const named = form.querySelector("[data-name]");
  const wanted = named ? `PUT ${form.dataset.put}${encodeURIComponent(named.value)}` : form.dataset.call;
  const [method, url] = ((submitter && submitter.dataset.call) || wanted).split(" ");
  if (submitter && submitter.dataset.confirm && !form.dataset.sure) {
    form.dataset.sure = "yes";
    show(`${submitter.dataset.confirm} Press it again to go on.`, false);
    return;
  }
  delete form.dataset.sure;
  let body;
  try { body = submitter && "bare" in submitter.dataset ? {} : fields(form); } catch (error) { show(`This is not JSON: ${error.message}`, true); return; }
  const request = { method, headers: { Accept: "application/json" } };
  if (method !== "DELETE" && Object.keys(body).length) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  show("…", false);
  try {
    const answer = await fetch(url, request);
    const text = await answer.text();
    let said = {};
    try { said = text ? JSON.parse(text) : {}; } catch { said = { detail: text.slice(0, 500) }; }
    if (!answer.ok) { show(problem(said, answer.status), true); return; }
    const then = (submitter && submitter.dataset.then) || form.dataset.then || "";
    if (then === "reload") location.reload();
    else if (then === "leave") leave(said.url);
    else if (then) location.assign(filled(then, said));
    else {
      show(form.dataset.done || JSON.stringify(said, null, 2), false);
      if ("secret" in form.dataset && said.secret) output.append(` Its secret, which is not shown again: ${said.secret}`);
      if (form.dataset.link) {
        const link = document.createElement("a");
        link.href = filled(form.dataset.link, said);
        link.textContent = form.dataset.named;
        output.append("\n", link);
      }
    }
  } catch { show("The server does not answer. Try again.", true); }
}

followTheme();
addEventListener("storage", followTheme);
addEventListener("DOMContentLoaded", () => label(document));
dark.addEventListener("change", followTheme);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-airflow]");
  if (link && !event.metaKey && !event.ctrlKey) { event.preventDefault(); leave(link.href); }
  const fill = event.target.closest("button[data-fill]");
  if (fill) {
    const field = document.getElementById(fill.dataset.fill);
    field.value = field.placeholder;
  }
  const copy = event.target.closest("button[data-copy]");
  if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    navigator.clipboard.writeText(source.textContent.trim()).then(
      () => { copy.textContent = "Copied"; },
      () => { getSelection().selectAllChildren(source); },
    );
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("open" in form.dataset) {
    event.preventDefault();
    location.assign(form.dataset.open + encodeURIComponent(form.elements[0].value));
  }
  if (form.dataset.call || form.dataset.put || (event.submitter && event.submitter.dataset.call)) {
    event.preventDefault();
    call(form, event.submitter);
  }
});
live();
