// The start form: what is typed, what it would do to a server, and what is wrong with it.

import { ROUTES, el, replace } from "./dom.js";
import { clock, count, rate } from "./format.js";
import { refresh } from "./store.js";

const TYPING_MS = 300;
const DRIVEN = [
  ["devices", "Devices", "as in the profile", "numeric"],
  ["message_rate", "Messages per second, in all", "as in the profile", "decimal"],
  ["duration", "Duration", "as in the profile", "text"],
  ["dialect", "Dialect", "", "select"],
  ["host", "Chat server", "", "url"],
];
const SCRIPTED = [
  ["user_count", "Users", "", "numeric"],
  ["spawn_rate", "Users started per second", "", "decimal"],
  ["duration", "Duration", "until it is stopped", "text"],
  ["host", "Chat server", "", "url"],
];

export class StartForm {
  constructor() {
    this.inputs = new Map();
    this.errors = new Map();
    this.element = el("section", { class: "ck-start", "aria-label": "Start a run" });
    this.load();
  }

  async load() {
    const answer = await fetch(new URL("form", ROUTES), { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    this.build(await answer.json());
    this.plan();
  }

  build(form) {
    const fields = form.can_choose_profile ? DRIVEN : SCRIPTED;
    this.general = el("p", { class: "ck-problem", role: "alert", hidden: true });
    this.planned = el("div", { class: "ck-planned", "aria-live": "polite" });
    this.button = el("button", { type: "submit", class: "ck-primary" }, "Start");
    this.element.replaceChildren(
      el("h2", {}, "Start a chat load test"),
      el(
        "form",
        { onsubmit: (event) => this.submit(event), oninput: () => this.typed(), novalidate: true },
        this.profiles(form),
        el("div", { class: "ck-fields" }, fields.map((field) => this.field(field, form))),
        this.general,
        this.planned,
        el("div", { class: "ck-buttons" }, this.button),
      ),
    );
  }

  profiles(form) {
    const name = form.values.profile;
    const known = new Map(form.profiles.map((each) => [each.name, each.description]));
    const says = el("p", { class: "ck-note", id: "ck-profile-says" });
    const select = el(
      "select",
      { name: "profile", id: "ck-profile", "aria-describedby": "ck-profile-says ck-profile-problem" },
      form.profiles.map((each) => el("option", { value: each.name }, `${each.name} \u2014 ${each.description}`)),
    );
    select.value = name;
    const tell = () => (says.textContent = known.get(select.value) ?? "");
    select.addEventListener("change", () => {
      tell();
      this.plan();
    });
    tell();
    return el("div", { class: "ck-field ck-wide" }, el("label", { for: "ck-profile" }, "Profile"), select, says, this.keep("profile", select));
  }

  field([name, label, placeholder, kind], form) {
    const id = `ck-${name}`;
    const input =
      kind === "select"
        ? el("select", { id, name }, el("option", { value: "" }, "as in the profile"), el("option", { value: "1" }, "1"), el("option", { value: "2" }, "2"))
        : el("input", {
            id, name, type: "text", inputmode: kind, autocomplete: "off", spellcheck: "false",
            placeholder: form.placeholders[name] ?? placeholder,
          });
    input.value = form.values[name] ?? "";
    input.setAttribute("aria-describedby", `${id}-problem`);
    const more = name === "host" ? el("p", { class: "ck-note" }, "Empty: the embedded server.") : null;
    return el("div", { class: name === "host" ? "ck-field ck-wide" : "ck-field" }, el("label", { for: id }, label), input, more, this.keep(name, input));
  }

  keep(name, input) {
    const problem = el("p", { class: "ck-problem", id: `ck-${name}-problem`, hidden: true });
    this.inputs.set(name, input);
    this.errors.set(name, problem);
    return problem;
  }

  values() {
    const values = new URLSearchParams();
    for (const [name, input] of this.inputs) values.set(name, input.value);
    return values;
  }

  typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.plan(), TYPING_MS);
  }

  async plan() {
    const asked = (this.asked = (this.asked ?? 0) + 1);
    let answer;
    try {
      answer = await fetch(new URL("plan", ROUTES), { method: "POST", body: this.values() });
    } catch {
      return; // the panel says that the connection is lost
    }
    if (asked !== this.asked || !answer.ok || answer.redirected) return;
    const { plan, problems } = await answer.json();
    this.show(problems);
    replace(this.planned, problems.length ? [el("p", { class: "ck-note" }, "Nothing is planned until this is right.")] : planLines(plan));
  }

  show(problems) {
    for (const [name, place] of this.errors) {
      const texts = problems.filter((each) => each.field === name).map((each) => each.text);
      place.textContent = texts.join("; ");
      place.hidden = !texts.length;
      this.inputs.get(name).toggleAttribute("aria-invalid", texts.length > 0);
      if (texts.length) this.inputs.get(name).setAttribute("aria-invalid", "true");
    }
    const others = problems.filter((each) => !this.errors.has(each.field)).map((each) => each.text);
    this.general.textContent = others.join("; ");
    this.general.hidden = !others.length;
    this.button.disabled = problems.length > 0;
  }

  async submit(event) {
    event.preventDefault();
    clearTimeout(this.timer);
    this.button.disabled = true;
    this.button.textContent = "Starting \u2026";
    try {
      const answer = await fetch(new URL("../swarm", ROUTES), { method: "POST", body: this.values() });
      const said = await answer.json();
      if (said.success) {
        await refresh();
        return;
      }
      this.show(said.problems ?? [{ field: "", text: said.message }]);
    } catch (error) {
      this.show([{ field: "", text: `the server of this page does not answer: ${error.message}` }]);
    } finally {
      this.button.textContent = "Start";
    }
  }
}

/** The planned load in words; nothing is sent before a person has seen it. */
export function planLines(plan) {
  if (!plan.is_known) return [el("p", { class: "ck-note" }, "The locustfile decides what its users do: no load can be planned.")];
  const figures = [
    [count(plan.devices), "devices"],
    [rate(plan.messages_per_s), "messages/s"],
    [rate(plan.deliveries_per_s), "deliveries/s"],
    [rate(plan.bytes_in_per_s / 1e6), "MB/s to the devices"],
    [clock(plan.duration_s), "long"],
  ];
  const more = [
    `${count(plan.users)} users in ${count(plan.channels)} channels (the largest has ${count(plan.largest_channel)} members)`,
    `${count(plan.chat_sessions)} chat sessions at once`,
    `${rate(plan.notifications_per_s)} notifications/s`,
    `${rate(plan.events_per_s)} events/s of all kinds`,
    `${rate(plan.bytes_out_per_s / 1e6)} MB/s from the devices`,
  ];
  if (plan.peak_factor > 1) more.push(`${rate(plan.peak_factor)} times as much at the peak`);
  return [
    el("h3", {}, "Planned load"),
    el("ul", { class: "ck-plan" }, figures.map(([value, unit]) => el("li", {}, el("b", {}, value), ` ${unit}`))),
    el("p", { class: "ck-note" }, more.join(" \u00b7 ")),
  ];
}
