// Earlier runs: what lies in the results folder, to sort, filter and open.

import { ROUTES, addStyle, el, replace, theme } from "./dom.js";
import { count, span } from "./format.js";
import { scrolled } from "./tables.js";

const COLUMNS = [
  ["run_id", "run", (run) => run.run_id],
  ["verdict", "verdict", (run) => run.verdict ?? "\u2013"],
  ["profile", "profile", (run) => run.profile ?? "\u2013"],
  ["target", "target", (run) => (run.is_embedded ? "embedded server" : run.target ?? "\u2013")],
  ["devices", "devices", (run) => count(run.devices)],
  ["p99_ms", "delivery p99", (run) => span(run.p99_ms)],
  ["last_p99_ms", "last receiver p99", (run) => span(run.last_p99_ms)],
  ["lost", "lost", (run) => count(run.lost)],
  ["missed", "missed", (run) => count(run.missed)],
  ["duration_s", "duration", (run) => (typeof run.duration_s === "number" ? `${run.duration_s.toFixed(0)} s` : "\u2013")],
];
const TONES = { PASS: "good", FAIL: "bad", INCONCLUSIVE: "warn", STOPPED: "warn" };

const place = document.getElementById("runs");
const view = { runs: [], studies: [], sort: "run_id", isUp: false, profile: "", ticked: [] };

function rows() {
  const kept = view.runs.filter((run) => !view.profile || run.profile === view.profile);
  const value = (run) => run[view.sort];
  kept.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || x === null) return 1;
    if (y === undefined || y === null) return -1;
    return (x < y ? -1 : x > y ? 1 : 0) * (view.isUp ? 1 : -1);
  });
  return kept;
}

function heading([key, title]) {
  const isSorted = view.sort === key;
  const direction = isSorted ? (view.isUp ? "ascending" : "descending") : "none";
  const sign = isSorted ? (view.isUp ? " \u25b2" : " \u25bc") : "";
  const button = el("button", { type: "button", class: "ck-sort", onclick: () => sortBy(key) }, title + sign);
  return el("th", { scope: "col", "aria-sort": direction }, button);
}

function sortBy(key) {
  view.isUp = view.sort === key ? !view.isUp : false;
  view.sort = key;
  draw();
  place.querySelector(`th[aria-sort="ascending"] button, th[aria-sort="descending"] button`)?.focus();
}

function link(run, name) {
  const href = new URL(`runs/${encodeURIComponent(run.run_id)}/${encodeURIComponent(name)}`, ROUTES).href;
  const isPage = name.endsWith(".html");
  return el("a", { href, ...(isPage ? {} : { download: "" }) }, name);
}

/** Two ticked runs can be compared; a third takes the place of the first. */
function tick(run) {
  const box = el("input", { type: "checkbox", "aria-label": `compare ${run.run_id}` });
  box.checked = view.ticked.includes(run.run_id);
  box.disabled = !!run.problem;
  box.addEventListener("change", () => {
    view.ticked = view.ticked.filter((each) => each !== run.run_id);
    if (box.checked) view.ticked = [...view.ticked, run.run_id].slice(-2);
    draw();
    place.querySelector(`input[aria-label="compare ${run.run_id}"]`)?.focus();
  });
  return el("td", {}, box);
}

function compareLink() {
  if (view.ticked.length !== 2) return el("span", { class: "ck-note" }, "tick two runs to compare them");
  // Ids sort by time: the earlier run is the base.
  const [base, candidate] = [...view.ticked].sort();
  const url = new URL("compare", ROUTES);
  url.search = new URLSearchParams({ base, candidate }).toString();
  return el("a", { href: url.href, target: "_blank" }, `compare ${base} with ${candidate}`);
}

function row(run) {
  const title = run.files?.includes("report.html") ? Object.assign(link(run, "report.html"), { textContent: run.run_id }) : run.run_id;
  const others = (run.files ?? []).filter((name) => name !== "report.html");
  const files = el("details", {}, el("summary", {}, `${others.length} files`), others.flatMap((name) => [link(run, name), el("br")]));
  if (run.problem) {
    return el("tr", {}, el("th", { scope: "row" }, title), el("td", { class: "ck-warn", colspan: COLUMNS.length - 1 }, run.problem), el("td", {}, files), tick(run));
  }
  const cells = COLUMNS.slice(1).map(([key, , text]) => {
    const isWrong = (key === "lost" || key === "missed") && run[key] > 0;
    const tone = key === "verdict" ? TONES[run.verdict] : isWrong ? "bad" : null;
    return el("td", { class: tone ? `ck-${tone}` : null }, text(run));
  });
  return el("tr", {}, el("th", { scope: "row" }, title), cells, el("td", {}, files), tick(run));
}

const STUDY_TONES = { pass: "good", fail: "bad", invalid: "warn" };
const STUDY_PAUSE_MS = 5000;

function studyRow(study) {
  const page = { run_id: study.study_id };
  const names = study.files ?? [];
  const title = names.includes("report.html") ? Object.assign(link(page, "report.html"), { textContent: study.study_id }) : study.study_id;
  const others = names.filter((name) => name !== "report.html");
  const files = el("details", {}, el("summary", {}, `${others.length} files`), others.flatMap((name) => [link(page, name), el("br")]));
  if (study.problem) {
    return el("tr", {}, el("th", { scope: "row" }, title), el("td", { class: "ck-warn", colspan: 3 }, study.problem), el("td", {}, files));
  }
  const trials = study.trials.map((trial) => el(
    "span",
    { class: `ck-${STUDY_TONES[trial.outcome]}`, title: `${trial.outcome}, p99 ${span(trial.p99_ms)}, ${count(trial.deliveries_per_s)} deliveries/s, lost ${count(trial.lost)}` },
    `${trial.load} ${trial.outcome}; `,
  ));
  return el(
    "tr", {},
    el("th", { scope: "row" }, title),
    el("td", {}, study.stopped_by ? `ended: ${study.stopped_by}` : "goes on, or was killed"),
    el("td", { class: "ck-words" }, study.answer),
    el("td", { class: "ck-words" }, `${study.unit}: `, trials),
    el("td", {}, files),
  );
}

function studies() {
  if (!view.studies.length) return [];
  const head = el("tr", {}, ["study", "state", "answer so far", "trials", "files"].map((title) => el("th", { scope: "col" }, title)));
  const table = el("table", { class: "ck-studies" }, el("thead", {}, head), el("tbody", {}, view.studies.map(studyRow)));
  return [el("h2", {}, "Capacity studies"), scrolled(table, "Capacity studies")];
}

function draw() {
  const profiles = [...new Set(view.runs.map((run) => run.profile).filter(Boolean))].sort();
  const filter = el(
    "select",
    { onchange: () => { view.profile = filter.value; draw(); } },
    el("option", { value: "" }, "all profiles"),
    profiles.map((name) => el("option", { value: name }, name)),
  );
  filter.value = view.profile;
  const shown = rows();
  const head = el("tr", {}, COLUMNS.map(heading), el("th", { scope: "col" }, "files"), el("th", { scope: "col" }, "compare"));
  replace(
    place.firstElementChild,
    studies(),
    el("div", { class: "ck-controls" }, el("label", {}, "profile ", filter), el("span", { class: "ck-note", role: "status" }, `${shown.length} of ${view.runs.length} runs`), compareLink()),
    shown.length
      ? scrolled(el("table", { class: "ck-runs" }, el("thead", {}, head), el("tbody", {}, shown.map(row))), "Earlier runs")
      : el("p", {}, "No run has left results yet."),
  );
}

/** Shows what is known, and asks again while a study goes on: it is written after each trial. */
function take(known) {
  view.runs = known.runs;
  view.studies = known.studies;
  draw();
  if (view.studies.some((study) => study.stopped_by === null)) setTimeout(again, STUDY_PAUSE_MS);
}

async function again() {
  try {
    const answer = await fetch(new URL("runs.json", ROUTES), { cache: "no-store" });
    if (answer.ok && !answer.redirected) take(await answer.json());
  } catch {
    setTimeout(again, STUDY_PAUSE_MS); // the server is away for a moment
  }
}

async function open() {
  document.documentElement.dataset.theme = theme();
  place.append(el("div", { class: "ck", "data-theme": theme() }));
  await addStyle();
  const answer = await fetch(new URL("runs.json", ROUTES), { cache: "no-store" });
  if (!answer.ok || answer.redirected) {
    replace(place.firstElementChild, el("p", { class: "ck-trouble" }, "The runs cannot be listed: log in, and load this page again."));
    return;
  }
  take(await answer.json());
}

open();
