// The charts over the whole run: one time axis for all of them.
//
// Dragging zooms all charts, a double click shows everything again, and the instant under the
// pointer is read in every chart at once. The library is loaded when the first chart is drawn.

import { ROUTES, el, theme } from "./dom.js";
import { clock } from "./format.js";

const COLORS = {
  light: {
    p50: "#1f6fb5", p95: "#0b7a75", p99: "#c2560c", last: "#7a4fb5", quiet: "#6b7684",
    bad: "#d43d33", good: "#2c9a5b", ink: "#1a2029", soft: "#4c5562", rule: "#dde1e7", page: "#ffffff",
  },
  dark: {
    p50: "#62aef0", p95: "#4fc9c1", p99: "#f39b5a", last: "#bd9af0", quiet: "#8591a0",
    bad: "#ff8a80", good: "#62cf8f", ink: "#e7eaee", soft: "#a9b3c0", rule: "#3a4350", page: "#121212",
  },
};
const MARK_COLORS = { threshold: "bad", worker: "bad", error: "bad", connections: "p99", fault: "p99" };
const DASHES = { p95: "4px,3px", p99: "solid", last: "solid", quiet: "2px,3px" };

let loading = null;

/** Loads the library once; it comes from the installed package, never from elsewhere. */
export function loadPlotly(name) {
  loading ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve(window.Plotly);
    const script = el("script", {
      src: new URL(name, ROUTES).href,
      onload: () => resolve(window.Plotly),
      onerror: () => reject(new Error("the charts' library cannot be loaded")),
    });
    document.head.append(script);
  });
  return loading;
}

const timing = (name, place) => (point) => point.timings[name]?.[place] ?? null;
const [COUNT, P50, P95, P99, MAX] = [0, 1, 2, 3, 4];
const field = (name) => (point) => point[name] ?? null;

/** What each chart shows: its series with a colour, and how to read a value from a point. */
export function chartList(event) {
  const latency = `latency:${event}`;
  const line = (name, color, read, more = {}) => ({ name, color, read, ...more });
  return [
    {
      key: "latency", title: "Fan-out latency", unit: "ms", isLog: true,
      series: [
        line("generator lag p99", "quiet", timing("generator_lag", P99), { isFilled: true }),
        line("p50", "p50", timing(latency, P50)),
        line("p95", "p95", timing(latency, P95)),
        line("p99", "p99", timing(latency, P99), { needs: [latency, 1000] }),
        ...(event === "channel.message.created"
          ? [line("last receiver p99", "last", timing("last_receiver", P99))]
          : []),
      ],
    },
    {
      key: "deliveries", title: "Deliveries of messages", unit: "per second",
      series: [
        line("planned", "quiet", (_, live) => live.planned?.deliveries_per_s ?? null),
        line("expected", "last", field("deliveries_expected_per_s"), { isDashed: true }),
        line("delivered", "p50", field("deliveries_per_s")),
      ],
    },
    {
      key: "wrong", title: "Wrong outcomes of messages", unit: "per second",
      series: [
        line("lost", "bad", field("lost_per_s")),
        line("duplicate", "p99", field("duplicate_per_s"), { isDashed: true }),
        line("out of order", "last", field("out_of_order_per_s")),
        line("after its end", "p95", field("after_end_per_s"), { isDashed: true }),
      ],
    },
    {
      key: "sessions", title: "Devices and chat sessions", unit: "at once",
      series: [line("devices", "p50", field("devices")), line("chat sessions", "p99", field("chat_sessions"))],
    },
    {
      key: "notifications", title: "Notifications", unit: "per second",
      series: [
        line("right", "good", field("notifications_per_s")),
        line("missed", "bad", field("notifications_missed_per_s"), { isDashed: true }),
        line("spurious", "p99", field("notifications_spurious_per_s")),
        line("duplicate", "last", field("notifications_duplicate_per_s"), { isDashed: true }),
      ],
    },
    {
      key: "activation", title: "Notification activation after a last session\u2019s end", unit: "ms", isLog: true,
      series: [
        line("at least, p50", "p50", timing("activation_at_least", P50), { isPoints: true }),
        line("at most, p50", "p99", timing("activation_at_most", P50), { isPoints: true }),
      ],
    },
    {
      key: "lag", title: "Load generator: lag", unit: "ms", isLog: true,
      series: [
        line("generator lag p99", "p99", timing("generator_lag", P99)),
        line("loop lag p99", "p50", timing("loop_lag", P99)),
        line("loop lag, highest", "last", field("loop_lag_ms"), { isDashed: true }),
      ],
    },
    {
      key: "cpu", title: "Load generator: CPU of the busiest worker", unit: "% of a core",
      series: [line("CPU", "p50", (point) => (point.cpu_ratio ?? 0) * 100)],
    },
  ];
}

export class Charts {
  constructor(onEvent) {
    this.event = "channel.message.created";
    this.range = null;
    this.boxes = new Map();
    this.element = el("div", { class: "ck-charts" });
    this.onEvent = onEvent;
    this.isBusy = false;
    this.isHovering = false;
    this.isGone = false;
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(this.element);
  }

  async draw(state) {
    if (this.isBusy || this.isGone || !state.points.length) return;
    this.isBusy = true;
    try {
      this.Plotly = await loadPlotly(state.live.charts);
      this.state = state;
      for (const chart of chartList(this.event)) {
        if (this.isGone) return;
        await this.drawOne(chart);
      }
      this.element.dataset.drawn = String(state.points.at(-1).to_s);
    } finally {
      this.isBusy = false;
    }
  }

  async drawOne(chart) {
    let box = this.boxes.get(chart.key);
    if (!box) box = this.addBox(chart);
    const { points, live } = this.state;
    const colors = COLORS[theme()];
    const width = box.plot.clientWidth;
    const traces = chart.series.map((series) => trace(series, points, live, colors, chart));
    traces.push(markTrace(live.marks ?? [], colors));
    await this.Plotly.react(box.plot, traces, this.layout(chart, colors, width), CONFIG);
    box.plot.setAttribute("aria-label", summaryText(chart, points, live));
    if (!box.isWired) this.wire(box);
  }

  addBox(chart) {
    const plot = el("div", { class: "ck-plot", role: "img" });
    const head = el("h3", {}, chart.title, el("span", { class: "ck-unit" }, ` ${chart.unit}`));
    const box = { plot, isWired: false, element: el("figure", { class: "ck-chart" }, head) };
    if (chart.key === "latency") box.element.append(this.eventChoice());
    box.element.append(plot);
    this.boxes.set(chart.key, box);
    this.element.append(box.element);
    return box;
  }

  eventChoice() {
    const labels = this.state.live.event_labels ?? {};
    const select = el(
      "select",
      {
        onchange: () => {
          this.event = select.value;
          this.onEvent();
        },
      },
      Object.entries(labels).map(([event, label]) => el("option", { value: event }, label)),
    );
    select.value = this.event;
    return el("label", { class: "ck-choice" }, "event ", select);
  }

  layout(chart, colors, width) {
    const end = this.state.points.at(-1).to_s;
    const ticks = ticksOf(this.range ?? [0, end], Math.max(3, Math.floor(width / 90)));
    const axis = { gridcolor: colors.rule, linecolor: colors.rule, zeroline: false, fixedrange: true };
    return {
      uirevision: "kept",
      autosize: true,
      height: 235,
      margin: { l: 52, r: 10, t: 6, b: 28 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12, color: colors.soft },
      dragmode: "zoom",
      hovermode: "x unified",
      hoverlabel: { bgcolor: colors.page, bordercolor: colors.rule, font: { color: colors.ink, size: 12 } },
      legend: { orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", font: { size: 11 } },
      xaxis: {
        ...axis,
        fixedrange: false,
        range: this.range ?? [0, Math.max(end, 5)],
        tickvals: ticks,
        ticktext: ticks.map(clock),
        hoverformat: "",
        unifiedhovertitle: { text: "%{x:.0f} s" },
      },
      yaxis: chart.isLog
        ? { ...axis, type: "log", dtick: 1, tickformat: ",~r" }
        : { ...axis, rangemode: "tozero", tickformat: ",.3~r", nticks: 5 },
      yaxis2: { overlaying: "y", range: [0, 1], visible: false, fixedrange: true },
      shapes: markShapes(this.state.live.marks ?? [], colors),
    };
  }

  wire(box) {
    box.isWired = true;
    box.plot.on("plotly_relayout", (change) => this.zoomed(box, change));
    box.plot.on("plotly_hover", (event) => this.hovered(box, event));
    box.plot.on("plotly_unhover", () => this.unhovered(box));
  }

  zoomed(_, change) {
    const from = change["xaxis.range[0]"] ?? change["xaxis.range"]?.[0];
    const to = change["xaxis.range[1]"] ?? change["xaxis.range"]?.[1];
    const isReset = change["xaxis.autorange"] || change["xaxis.showspikes"] !== undefined;
    if (from === undefined && !isReset) return;
    this.range = isReset ? null : [Math.max(0, from), to];
    const end = Math.max(this.state.points.at(-1).to_s, 5);
    for (const other of this.boxes.values()) {
      // The layout is set as a whole: "kept" would bring the old range back.
      this.Plotly.relayout(other.plot, { "xaxis.range": this.range ?? [0, end], silent: true });
    }
  }

  hovered(box, event) {
    if (this.isHovering || !event.xvals?.length) return;
    this.isHovering = true;
    for (const other of this.boxes.values()) {
      if (other !== box) this.Plotly.Fx.hover(other.plot, [{ xval: event.xvals[0] }], ["xy"]);
    }
    this.isHovering = false;
  }

  unhovered(box) {
    for (const other of this.boxes.values()) {
      if (other !== box) this.Plotly.Fx.unhover(other.plot);
    }
  }

  fit() {
    if (!this.Plotly || this.isBusy) return;
    for (const box of this.boxes.values()) {
      if (box.isWired && box.plot.clientWidth) this.Plotly.Plots.resize(box.plot);
    }
  }

  close() {
    this.isGone = true;
    this.resize.disconnect();
    if (this.Plotly) for (const box of this.boxes.values()) this.Plotly.purge(box.plot);
    this.boxes.clear();
  }
}

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: "reset+autosize", scrollZoom: false };

function trace(series, points, live, colors, chart) {
  const color = colors[series.color];
  const values = points.map((point) => {
    const value = series.read(point, live);
    return chart.isLog && value !== null && value <= 0 ? null : value;
  });
  return {
    name: series.name,
    // A point stands at the end of its stretch.
    x: points.map((point) => point.to_s),
    y: values,
    mode: series.isPoints ? "markers" : "lines",
    connectgaps: false,
    marker: { color, size: 6 },
    line: { color, width: 1.8, dash: series.isDashed ? "5px,4px" : DASHES[series.color] ?? "solid" },
    fill: series.isFilled ? "tozeroy" : "none",
    fillcolor: series.isFilled ? `${color}26` : undefined,
    hovertemplate: "%{y:,.3~g}",
  };
}

function markTrace(marks, colors) {
  return {
    x: marks.map((mark) => mark.at_s),
    y: marks.map(() => 0.03),
    yaxis: "y2",
    name: "",
    mode: "markers",
    showlegend: false,
    marker: { symbol: "triangle-up", size: 9, color: marks.map((mark) => colors[MARK_COLORS[mark.kind] ?? "soft"]) },
    text: marks.map((mark) => mark.text.replaceAll("<", "\u2039").replaceAll("&", "+")),
    hovertemplate: "%{text}<extra></extra>",
  };
}

function markShapes(marks, colors) {
  return marks.map((mark) => ({
    type: "line", xref: "x", yref: "paper", x0: mark.at_s, x1: mark.at_s, y0: 0, y1: 1, layer: "below",
    line: { width: 1, dash: "dot", color: colors[MARK_COLORS[mark.kind] ?? "soft"] },
  }));
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

function ticksOf([from, to], most) {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? 86400;
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

/** What somebody hears who does not see the chart: the newest values. */
function summaryText(chart, points, live) {
  const last = points.at(-1);
  const said = chart.series.map((series) => {
    const value = series.read(last, live);
    return `${series.name} ${value === null ? "none" : Number(value.toPrecision(3))}`;
  });
  return `${chart.title}, ${chart.unit}, at ${clock(last.to_s)}: ${said.join(", ")}`;
}
