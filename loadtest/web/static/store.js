// What is known of the run, kept in the module: Locust mounts the tab anew at each switch of tabs.
//
// One request a second while a run goes on and the page can be seen. An answer holds what is new
// since the last one; after a long sleep, or for a late page, it holds the whole course, thinned.

import { ROUTES } from "./dom.js";

const FAST_MS = 1000;
const SLOW_MS = 2000;
const MOST_POINTS = 1500;

const state = { live: null, points: [], trouble: "" };
const listeners = new Set();
let timer = null;
let isAsking = false;

export function subscribe(listener) {
  listeners.add(listener);
  if (state.live || state.trouble) listener(state);
  if (listeners.size === 1) ask();
  return () => {
    listeners.delete(listener);
    if (!listeners.size) clearTimeout(timer);
  };
}

/** Asks at once, after something was done. */
export function refresh() {
  clearTimeout(timer);
  return ask();
}

function tell() {
  for (const listener of listeners) listener(state);
}

async function ask() {
  if (isAsking) return;
  isAsking = true;
  try {
    await askOnce();
  } catch (error) {
    if (error.isLogin) state.trouble = "login";
    else state.trouble = "lost";
  } finally {
    isAsking = false;
  }
  tell();
  clearTimeout(timer);
  if (listeners.size) timer = setTimeout(askIfSeen, isMoving() ? FAST_MS : SLOW_MS);
}

function askIfSeen() {
  if (document.visibilityState === "visible") ask();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && listeners.size) refresh();
});

function isMoving() {
  return !!state.live && state.live.state !== "ended" && state.live.state !== "empty";
}

async function askOnce() {
  const url = new URL("live", ROUTES);
  const last = state.points.at(-1);
  if (state.live?.run_id && last && state.points.length < MOST_POINTS) {
    url.searchParams.set("run", state.live.run_id);
    // The last point may have grown since: it is asked for once more.
    url.searchParams.set("since", String(last.from_s));
  }
  const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(15000) });
  if (answer.redirected || answer.status === 401) throw Object.assign(new Error(), { isLogin: true });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const live = await answer.json();
  take(live);
}

function take(live) {
  const points = live.points ?? [];
  delete live.points;
  if (!live.run_id || live.is_whole) state.points = points;
  else if (points.length) {
    const from = points[0].from_s;
    state.points = [...state.points.filter((point) => point.to_s <= from), ...points];
  }
  state.live = live;
  state.trouble = "";
}
