// Tables and lists of facts, as the reports have them.

import { el } from "./dom.js";

export function table(data, { caption = "", note = "" } = {}) {
  const unit = data.unit ? el("span", { class: "ck-unit" }, ` ${data.unit}`) : null;
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, data.subject),
    data.columns.map((column) => el("th", { scope: "col", title: column.meaning }, column.title)),
  );
  const rows = data.rows.map((row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", title: row.meaning || null }, row.label),
      row.cells.map(([text, tone]) => el("td", { class: `ck-${tone}` }, text)),
    ),
  );
  return el(
    "section",
    { class: "ck-table" },
    el("h3", {}, caption || data.title, unit),
    note ? el("p", { class: "ck-note" }, note) : null,
    scrolled(el("table", {}, el("thead", {}, head), el("tbody", {}, rows)), caption || data.title),
  );
}

/** A wide table scrolls in its own box, which the keyboard reaches. */
export function scrolled(content, label) {
  return el("div", { class: "ck-scroll", tabindex: "0", role: "region", "aria-label": label }, content);
}

export function facts(list, title) {
  if (!list?.length) return null;
  return el(
    "section",
    { class: "ck-table" },
    el("h3", {}, title),
    el(
      "dl",
      { class: "ck-facts" },
      list.map((fact) =>
        el(
          "div",
          {},
          el("dt", { title: fact.meaning || null }, fact.label),
          el("dd", { class: `ck-${fact.tone}` }, fact.text),
        ),
      ),
    ),
  );
}
