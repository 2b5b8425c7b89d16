// Every metric by name, live, with a filter that the address keeps.
import { Table, say } from "./dom.js";
import { rate } from "./format.js";
import { History } from "./history.js";
import { ask, poll } from "./poll.js";

const SHOWN = 500;
const filter = document.getElementById("filter");
const history = new History();
const number = (value) => value?.toLocaleString("en", { maximumFractionDigits: 3 }) ?? "–";
const table = new Table([
  { name: "Name", cell: (th, { name }) => say(th, name) },
  { name: "Value", number: true, cell: (td, { value }) => say(td, number(value)) },
  { name: "Change per second", number: true, cell: (td, { grows }) => say(td, grows > 0 ? rate(grows) : "") },
], "All metrics");
document.getElementById("metrics").replaceWith(table.element);
filter.value = decodeURIComponent(location.hash.slice(1));
let latest = {};

function show() {
  const words = filter.value.trim().toLowerCase().split(/\s+/);
  const found = Object.keys(latest).filter((name) => words.every((word) => name.toLowerCase().includes(word))).sort();
  say(document.getElementById("found"), found.length > SHOWN
    ? `The first ${SHOWN} of ${found.length}.` : `${found.length} of ${Object.keys(latest).length}`);
  table.update(found.slice(0, SHOWN).map((name) => [name, { name, value: latest[name], grows: history.rate(name) }]));
}

filter.addEventListener("input", () => {
  window.history.replaceState(null, "", filter.value ? `#${encodeURIComponent(filter.value)}` : location.pathname);
  show();
});
document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());

/** Note every metric below a node of the tree under its whole name. */
function read(node, name) {
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === "object" && value !== null) read(value, name ? `${name}/${key}` : key);
    else if (key.startsWith("stat.")) latest[`${name}.${key.slice(5)}`] = value;
    else latest[name] = value;
    if (key === "counter" && typeof value === "number") history.note(name, value);
  }
}

poll(async () => {
  const tree = await ask("metrics.json?tree=1&live=1");
  latest = {};
  history.begin((tree.jvm?.uptime?.gauge ?? 0) / 1000);
  read(tree, "");
  show();
});
