// In Locust's own page: defines the tab's element, and shows our start form before the first start.
//
// Locust draws no tabs before that. Its own form stays there, folded away under ours.

import "./panel.js";
import { el } from "./dom.js";
import { subscribe } from "./store.js";

if (window.templateArgs?.state === "ready") {
  const root = document.getElementById("root");
  const panel = document.createElement("chat-panel");
  const box = el("div", { class: "ck-first" }, panel);
  const toggle = el("button", { type: "button", class: "ck-toggle", "aria-expanded": "false" }, "Show Locust\u2019s own form");
  toggle.addEventListener("click", () => {
    const isShown = root.toggleAttribute("hidden") === false;
    toggle.setAttribute("aria-expanded", String(isShown));
    toggle.textContent = isShown ? "Hide Locust\u2019s own form" : "Show Locust\u2019s own form";
  });
  root.hidden = true;
  box.append(toggle);
  root.before(box);
  // Whoever started it: this page, Locust's own form, another browser, or --autostart.
  let isLeaving = false;
  subscribe(({ live }) => {
    if (isLeaving || !live || live.state === "empty" || live.state === "starting") return;
    isLeaving = true;
    const url = new URL(location.href);
    url.searchParams.set("tab", "chat");
    location.assign(url);
  });
}
