// Numbers as text, in the words and digits of the reports.

const MISSING = "\u2013";

export function count(value) {
  return typeof value === "number" ? Math.round(value).toLocaleString("en-US") : MISSING;
}

export function rate(value) {
  if (typeof value !== "number") return MISSING;
  if (value >= 10) return Math.round(value).toLocaleString("en-US");
  return value >= 0.1 || value === 0 ? value.toFixed(1) : value.toPrecision(2);
}

export function ms(value) {
  if (typeof value !== "number") return MISSING;
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1) return value.toFixed(2);
  return size ? value.toFixed(3) : "0";
}

export function span(value) {
  if (value === "never") return "never";
  if (typeof value !== "number") return MISSING;
  return Math.abs(value) >= 1000 ? `${ms(value / 1000)} s` : `${ms(value)} ms`;
}

/** Seconds as 0:07, 12:30 or 1:02:03. */
export function clock(seconds) {
  if (typeof seconds !== "number") return MISSING;
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function percent(ratio) {
  if (typeof ratio !== "number") return MISSING;
  const value = ratio * 100;
  return `${Math.abs(value) >= 10 ? value.toFixed(0) : value.toFixed(1)} %`;
}
