// The Chat panel: the custom element that Locust's bundle mounts as a tab, and the page of its own.

import { Charts } from "./charts.js";
import { ROUTES, addStyle, el, replace, setText, theme } from "./dom.js";
import { StartForm } from "./form.js";
import { clock, count, ms, percent, rate, span } from "./format.js";
import { inspector } from "./inspector.js";
import { refresh, subscribe } from "./store.js";
import { facts, scrolled, table } from "./tables.js";

const STATES = {
  empty: "No run yet",
  starting: "Starting: users and channels are made ready",
  running: "Running",
  draining: "Draining: nothing new is sent, what is in flight is awaited",
  ended: "Ended",
};

class ChatPanel extends HTMLElement {
  connectedCallback() {
    if (this.root) return;
    this.root = el("div", { class: "ck", "data-theme": theme() });
    this.append(this.root);
    addStyle().then(() => this.isConnected && this.open());
  }

  disconnectedCallback() {
    this.leave?.();
    this.charts?.close();
    this.events?.abort();
    this.root?.remove();
    this.root = this.charts = null;
  }

  open() {
    this.events = new AbortController();
    const { signal } = this.events;
    const follow = () => setTimeout(() => this.follow(), 0);
    document.addEventListener("click", follow, { signal });
    addEventListener("storage", follow, { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow, { signal });
    this.build();
    this.leave = subscribe((state) => this.show(state));
  }

  build() {
    this.trouble = el("p", { class: "ck-trouble", role: "alert", hidden: true });
    this.status = el("header", { class: "ck-status" });
    this.word = el("p", { class: "ck-word" });
    this.sentence = el("p", { class: "ck-sentence" });
    this.light = el("p", { class: "ck-light" });
    this.phase = el("p", { class: "ck-phase" });
    this.reasons = el("ul", { class: "ck-reasons" });
    this.status.append(el("div", { class: "ck-verdict" }, this.word, this.sentence), el("div", {}, this.phase, this.light));
    this.findings = el("ul", { class: "ck-findings" });
    this.tiles = el("dl", { class: "ck-tiles" });
    this.controls = el("div", { class: "ck-controls" });
    this.startPlace = el("div", {});
    this.charts = new Charts(() => this.state && this.charts.draw(this.state));
    this.marks = el("details", { class: "ck-marks" });
    this.inspectorPlace = el("div", {});
    this.tablesPlace = el("div", { class: "ck-tables" });
    this.below = el("div", {}, this.charts.element, this.marks, this.inspectorPlace, this.tablesPlace);
    replace(this.root, this.trouble, this.status, this.reasons, this.findings, this.tiles, this.controls, this.startPlace, this.below);
  }

  follow() {
    if (!this.root || this.root.dataset.theme === theme()) return;
    this.root.dataset.theme = theme();
    if (this.state) this.charts.draw(this.state);
  }

  show(state) {
    if (!this.root) return;
    this.state = state;
    this.root.dataset.theme = theme();
    this.showTrouble(state);
    if (!state.live) return;
    const { live } = state;
    this.root.dataset.state = live.state;
    this.showStatus(live);
    this.showControls(live);
    this.showStart(live);
    this.below.hidden = !live.run_id;
    if (!live.run_id) return;
    this.showTiles(live);
    this.showMarks(live.marks);
    this.showTables(live);
    replace(this.inspectorPlace, inspector(live));
    this.charts.draw(state);
  }

  showTrouble(state) {
    const texts = {
      lost: "The server of this page does not answer. What is shown is the last it said.",
      login: "You are not logged in any more: load this page again.",
    };
    const refusal = state.live?.refusal ? `The run could not begin: ${state.live.refusal}` : "";
    const text = texts[state.trouble] ?? refusal;
    setText(this.trouble, text);
    this.trouble.hidden = !text;
    this.root.classList.toggle("ck-stale", !!state.trouble);
  }

  showStatus(live) {
    const verdict = live.verdict;
    this.status.dataset.tone = verdict?.tone ?? "quiet";
    setText(this.word, verdict?.word ?? STATES[live.state]);
    setText(this.sentence, verdict?.sentence ?? (live.state === "empty" ? "Choose a profile and press Start." : ""));
    const { elapsed_s: elapsed, left_s: left, planned_s: planned } = live.time ?? {};
    let phase = STATES[live.state];
    if (live.state === "running" && left !== null) phase += ` \u00b7 ${clock(left)} left of ${clock(planned)}`;
    else if (live.run_id) phase += ` \u00b7 ${clock(elapsed)}`;
    if (live.profile) phase += ` \u00b7 ${live.profile} \u00b7 ${live.target}`;
    setText(this.phase, live.state === "empty" ? "" : phase);
    setText(this.light, live.generator?.text ?? "");
    this.light.dataset.tone = live.generator?.tone ?? "quiet";
    replace(
      this.reasons,
      (verdict?.reasons ?? []).map((reason) => el("li", {}, el("b", {}, reason.text), reason.remedy ? ` \u2014 ${reason.remedy}` : "")),
    );
    this.reasons.hidden = !verdict?.reasons.length;
    // Sentences about a whole run: while it goes on they would be about what is not there yet.
    const findings = live.state === "ended" ? live.findings ?? [] : [];
    replace(this.findings, findings.map((each) => el("li", { class: `ck-${each.tone}` }, each.text)));
    this.findings.hidden = !findings.length;
  }

  showTiles(live) {
    const { totals } = live;
    const last = this.state.points.at(-1) ?? {};
    const entry = totals.ledger ?? {};
    const isThin = (block, needed) => (block?.count ?? 0) < needed;
    const tiles = [
      ["devices", count(last.devices), live.planned?.devices ? `of ${count(live.planned.devices)} planned` : "", ""],
      ["chat sessions", count(last.chat_sessions), "active now", ""],
      ["delivered", count(entry.delivered), `of ${count(entry.expected)} expected`, ""],
      ["lost", count(entry.lost), "deliveries of messages", entry.lost ? "bad" : ""],
      ["delivery p99", span(totals.latency?.p99_ms), `${count(totals.latency?.count)} samples`, isThin(totals.latency, 1000) ? "thin" : ""],
      ["last receiver p99", span(totals.last_receiver?.p99_ms), `${count(totals.last_receiver?.count)} messages`, isThin(totals.last_receiver, 1000) ? "thin" : ""],
      ["notified", count(totals.notifications?.delivered), `of ${count(totals.notifications?.expected)} expected`, totals.notifications?.missed ? "bad" : ""],
      ["failed actions", count(totals.errors), "of all kinds", totals.errors ? "bad" : ""],
    ];
    replace(
      this.tiles,
      tiles.map(([label, value, note, tone]) =>
        el(
          "div",
          { title: tone === "thin" ? "too few samples to rely on this percentile" : null, "data-key": label },
          el("dt", {}, label),
          el("dd", { class: tone ? `ck-${tone}` : null }, tone === "thin" && value !== "\u2013" ? `\u2248 ${value}` : value),
          el("dd", { class: "ck-small" }, note),
        ),
      ),
    );
  }

  showControls(live) {
    const key = `${live.state} ${live.run_id}`;
    if (this.controlsKey === key) return;
    this.controlsKey = key;
    const link = (name, text, attributes = {}) => el("a", { href: new URL(name, ROUTES).href, ...attributes }, text);
    const parts = [];
    if (live.state === "running" || live.state === "starting") {
      parts.push(this.usersForm(), el("button", { type: "button", onclick: (event) => this.stop(event.target) }, "Stop"));
    }
    if (live.run_id && live.state !== "ended") parts.push(link("report", "report so far", { target: "_blank" }));
    if (live.state === "ended") {
      const file = (name) => link(`runs/${encodeURIComponent(live.run_id)}/${name}`, name, name.endsWith(".html") ? { target: "_blank" } : { download: "" });
      this.files(live.run_id).then((names) => replace(files, "Files: ", names.flatMap((name) => [file(name), " "])));
      const files = el("span", { class: "ck-files" });
      parts.push(el("span", {}, `Results: ${live.run_id} `), files);
    }
    parts.push(link("runs", "earlier runs"));
    replace(this.controls, parts);
  }

  async files(runId) {
    const answer = await fetch(new URL("runs.json", ROUTES), { cache: "no-store" });
    if (!answer.ok || answer.redirected) return [];
    const { runs } = await answer.json();
    return runs.find((run) => run.run_id === runId)?.files ?? [];
  }

  usersForm() {
    const users = el("input", { type: "text", inputmode: "numeric", name: "user_count", "aria-label": "Users wanted", size: "6", value: String(this.state.live.planned?.users ?? "") });
    const speed = el("input", { type: "text", inputmode: "decimal", name: "spawn_rate", "aria-label": "Users started per second", size: "5", value: "50" });
    const said = el("output", { class: "ck-note", role: "status" });
    const send = async (event) => {
      event.preventDefault();
      const body = new URLSearchParams({ user_count: users.value, spawn_rate: speed.value });
      const answer = await fetch(new URL("../swarm", ROUTES), { method: "POST", body });
      const result = await answer.json();
      await refresh();
      const planned = this.state.live.planned ?? {};
      said.textContent = result.success
        ? `now about ${rate(planned.messages_per_s)} messages/s, ${rate(planned.deliveries_per_s)} deliveries/s`
        : result.message;
      said.classList.toggle("ck-problem", !result.success);
    };
    return el("form", { class: "ck-users", onsubmit: send }, el("label", {}, "users ", users), el("label", {}, "per second ", speed), el("button", { type: "submit" }, "Change users"), said);
  }

  async stop(button) {
    button.disabled = true;
    await fetch(new URL("../stop", ROUTES), { method: "POST" });
    refresh();
  }

  showStart(live) {
    const isFree = live.state === "empty" || live.state === "ended";
    if (isFree === !!this.start) return;
    if (!isFree) {
      this.start = null;
      replace(this.startPlace);
      return;
    }
    // Fetched while the form is filled in, so that the charts are there with the first second.
    if (live.charts && !document.querySelector("link[data-charts]")) {
      document.head.append(el("link", { rel: "prefetch", as: "script", href: new URL(live.charts, ROUTES).href, "data-charts": true }));
    }
    this.start = new StartForm();
    const box = el("details", { class: "ck-again", open: live.state === "empty" }, el("summary", {}, live.state === "empty" ? "Start" : "Start another run"), this.start.element);
    replace(this.startPlace, box);
  }

  showMarks(marks) {
    const key = JSON.stringify(marks);
    if (this.marksKey === key) return;
    this.marksKey = key;
    this.marks.hidden = !marks.length;
    replace(
      this.marks,
      el("summary", {}, `What happened (${marks.length})`),
      el("ol", {}, marks.map((mark) => el("li", { "data-kind": mark.kind }, el("time", {}, clock(mark.at_s)), ` ${mark.text}`))),
    );
  }

  showTables(live) {
    // Rebuilt only where something differs: a person may be selecting text.
    const key = JSON.stringify([live.tables, live.thresholds, live.workers, live.facts]);
    if (this.tablesKey === key) return;
    this.tablesKey = key;
    const places = [...this.tablesPlace.querySelectorAll(".ck-scroll")].map((box) => box.scrollLeft);
    const focused = [...this.tablesPlace.querySelectorAll(".ck-scroll")].indexOf(document.activeElement);
    replace(
      this.tablesPlace,
      thresholdTable(live.thresholds),
      live.tables.map((each) => (each.rows.length ? table(each) : null)),
      facts(live.facts.notifications, "Notifications"),
      facts(live.facts.generator, "Load generator"),
      facts(live.facts.errors, "Failed and dropped actions, by reason"),
      table(live.workers),
    );
    const boxes = [...this.tablesPlace.querySelectorAll(".ck-scroll")];
    boxes.forEach((box, index) => (box.scrollLeft = places[index] ?? 0));
    boxes[focused]?.focus({ preventScroll: true });
  }
}

function thresholdTable(thresholds) {
  if (!thresholds.length) return null;
  const tones = { holds: "good", broken: "bad", "at risk": "warn", "too near to say": "warn", "too few samples": "quiet" };
  const rows = thresholds.map((each) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, each.expression),
      el("td", { class: `ck-${tones[each.stands]}` }, each.stands),
      el("td", {}, typeof each.value === "number" ? ms(each.value) : String(each.value ?? "\u2013")),
      el("td", {}, each.distance_ratio === null ? "\u2013" : percent(each.distance_ratio)),
      el("td", { class: each.samples !== null && each.samples < each.samples_needed ? "ck-quiet" : null }, each.samples === null ? "\u2013" : `${count(each.samples)} of ${count(each.samples_needed)}`),
    ),
  );
  const titles = [["threshold", ""], ["stands", ""], ["value", "now"], ["distance", "to its limit, in percent of the limit"], ["samples", "of those it needs"]];
  const head = el("tr", {}, titles.map(([text, title]) => el("th", { scope: "col", title: title || null }, text)));
  return el("section", { class: "ck-table" }, el("h3", {}, "Thresholds"), scrolled(el("table", { class: "ck-thresholds" }, el("thead", {}, head), el("tbody", {}, rows)), "Thresholds"));
}

if (!customElements.get("chat-panel")) customElements.define("chat-panel", ChatPanel);
