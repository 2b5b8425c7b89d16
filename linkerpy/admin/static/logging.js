// The levels of the loggers, and buttons that change them.
import { make } from "./dom.js";
import { ask } from "./poll.js";

const LEVELS = ["ALL", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL", "OFF"];
const lost = document.getElementById("lost");

async function attempt(action) {
  try {
    await action();
    lost.hidden = true;
  } catch (error) {
    lost.textContent = `That did not work: ${error.message}`;
    lost.hidden = false;
  }
}

async function change(logger, level) {
  await ask("logging.json", { method: "POST", body: new URLSearchParams({ logger, level }) });
  await show();
  document.querySelector(`[data-logger="${CSS.escape(logger)}"] [aria-pressed="true"]`)?.focus();
}

function row({ logger, level: current }) {
  const buttons = LEVELS.map((level) => make("button", {
    type: "button", text: level, "aria-pressed": String(level === current),
    onclick: () => attempt(() => change(logger, level)),
  }));
  return make("div", { class: "logger", role: "group", "aria-label": `Level of ${logger}`, "data-logger": logger },
    make("code", { text: logger }), make("div", { class: "levels" }, ...buttons));
}

async function show() {
  document.getElementById("loggers").replaceChildren(...(await ask("logging.json")).map(row));
}

attempt(show);
