// The levels of the loggers, and buttons that change them.
import { make } from "./dom.js";
import { attempt, fetched } from "./poll.js";

const LEVELS = ["ALL", "TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL", "OFF"];
const $ = (id) => document.getElementById(id);

async function change(logger, level) {
  await fetched("logging.json", { method: "POST", body: new URLSearchParams({ logger, level }) });
  await show();
  document.querySelector(`[data-logger="${CSS.escape(logger)}"] [aria-pressed="true"]`)?.focus();
}

function row({ logger, level: current }, changeable) {
  const buttons = LEVELS.map((level) => make("button", {
    type: "button", text: level, "aria-pressed": String(level === current), disabled: !changeable,
    onclick: () => attempt(() => change(logger, level)),
  }));
  return make("div", { class: "logger", role: "group", "aria-label": `Level of ${logger}`, "data-logger": logger },
    make("code", { text: logger }), make("div", { class: "levels" }, ...buttons));
}

async function show() {
  const reply = await fetched("logging.json").catch((error) => {
    if (error.status !== 404) throw error;
    throw new Error("The configuration switches this page off: admin.security says controlEnabled: false.");
  });
  const changeable = (reply.headers.get("Allow") ?? "").includes("POST");
  const loggers = await reply.json();
  $("refused").hidden = changeable;
  $("loggers").replaceChildren(...loggers.map((logger) => row(logger, changeable)));
}

attempt(show);
