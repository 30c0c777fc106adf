// The panel as a page of its own.

import "./panel.js";
import { theme } from "./dom.js";

function follow() {
  document.documentElement.dataset.theme = theme();
}

follow();
addEventListener("storage", follow);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
