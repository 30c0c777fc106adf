// The fan-out inspector: the slowest messages of the last minute, and what they have in common.

import { el } from "./dom.js";
import { clock, count, percent, span } from "./format.js";
import { scrolled } from "./tables.js";

const SHOWN = 12;

export function inspector(live) {
  const slowest = live.slowest ?? [];
  if (!slowest.length) return null;
  const columns = [
    ["sent at", "since the start of the run"],
    ["channel", "number of the channel"],
    ["devices", "that had to get the message"],
    ["first", "until the first of them had it"],
    ["half", "until half of them had it"],
    ["90 %", "until nine of ten had it"],
    ["last", "until all of them had it"],
    ["who was last", "number of the device that got it last"],
    ["late there too", "other slow messages that reached this device last"],
  ];
  const rows = slowest.slice(0, SHOWN).map((each) =>
    el(
      "tr",
      {},
      el("td", {}, clock(each.due_s)),
      el("td", {}, String(each.channel)),
      el("td", {}, count(each.devices)),
      [each.first_ms, each.half_ms, each.most_ms, each.last_ms].map((value) => el("td", {}, span(value))),
      el("td", {}, each.last_device === null ? "\u2013" : deviceName(each)),
      el("td", {}, count(each.also_last_count)),
    ),
  );
  const head = el("tr", {}, columns.map(([text, title]) => el("th", { scope: "col", title }, text)));
  return el(
    "section",
    { class: "ck-table ck-inspector" },
    el("h3", {}, "Slowest messages of the last minute"),
    el("p", { class: "ck-note" }, judgement(slowest)),
    scrolled(el("table", {}, el("thead", {}, head), el("tbody", {}, rows)), "Slowest messages of the last minute"),
  );
}

/** Says whether one channel, one device or everything is slow. */
function judgement(slowest) {
  const [channel, inChannel] = most(slowest.map((each) => each.channel));
  const [device, atDevice] = most(slowest.filter((each) => each.last_device !== null).map(deviceName));
  const share = (number) => `${number} of ${slowest.length} (${percent(number / slowest.length)})`;
  if (slowest.length < 5) return "Too few messages to see a pattern.";
  if (atDevice / slowest.length >= 0.5) return `One slow device: ${share(atDevice)} were last received by ${device}.`;
  if (inChannel / slowest.length >= 0.5) return `One slow channel: ${share(inChannel)} are of channel ${channel}.`;
  return "No single channel and no single device stands out: everything is about equally slow.";
}

/** Devices are numbered on each worker. */
function deviceName(each) {
  return `device ${each.last_device} of worker ${each.worker}`;
}

function most(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
}
