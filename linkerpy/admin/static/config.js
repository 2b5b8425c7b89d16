// The configuration as loaded, written as YAML.
import { copier, make } from "./dom.js";
import { ask, attempt } from "./poll.js";

const MASK = /^\*+$/;
const PLAIN = /^[A-Za-z\/][\w\/.#$%&|*;=> \-]*$/;
const WORDS = /^(true|false|null|yes|no|on|off|~)$/i;
const pre = document.getElementById("config");

/** A value of one line. What YAML might read as something else is quoted. */
function scalar(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return PLAIN.test(value) && !WORDS.test(value) && !/ #|[ ]$/.test(value) ? value : JSON.stringify(value);
}

const nested = (value) => typeof value === "object" && value !== null && Object.keys(value).length > 0;

/** The lines of a value, as [indentation, key or dash, text, masked]. */
function* lines(value, indent) {
  const list = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    const head = list ? "-" : `${/^[\w.\-]+$/.test(key) ? key : JSON.stringify(key)}:`;
    if (!nested(item)) {
      const dtab = key.toLowerCase().endsWith("dtab") && typeof item === "string" && item.includes(";");
      if (!dtab) yield [indent, head, scalar(item), typeof item === "string" && MASK.test(item)];
      else {
        yield [indent, head, "|", false];
        for (const dentry of item.split(/\s*;\s*/).filter(Boolean)) yield [indent + 2, "", `${dentry.replace(/\s*=>\s*/, " => ")} ;`, false];
      }
    } else if (list) {
      let first = true;
      for (const [depth, name, text, masked] of lines(item, indent + 2)) {
        yield first ? [indent, `- ${name}`, text, masked] : [depth, name, text, masked];
        first = false;
      }
    } else {
      yield [indent, head, "", false];
      yield* lines(item, Array.isArray(item) ? indent : indent + 2);
    }
  }
}

attempt(async () => {
  for (const [indent, head, text, masked] of lines(await ask("config.json"), 0)) {
    pre.append(" ".repeat(indent), make("span", { class: "key-name", text: head }), head && text ? " " : "",
      make("span", { class: masked ? "masked" : "", text }), "\n");
  }
});
copier(document.getElementById("copy"), () => pre.textContent);
