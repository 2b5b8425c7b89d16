// Every metric by name, live, with words to look for that the address keeps.
import { make, say } from "./dom.js";
import { count, rate } from "./format.js";
import { History } from "./history.js";
import { ask, poll, query } from "./poll.js";
import { spark } from "./spark.js";
import { Table } from "./table.js";

const KEPT = 60; // values of a line
const LIMIT = 200;
const $ = (id) => document.getElementById(id);
const grown = new History();
const values = new Map();
const number = (value) => value?.toLocaleString("en", { maximumFractionDigits: 3 }) ?? "–";
const shown = ({ kind, value, count: times, p50, p95, p99 }) => {
  if (kind !== "stat") return number(value);
  const unit = (figure) => number(figure ?? undefined);
  return times ? `${unit(p50)} · ${unit(p95)} · ${unit(p99)}` : "–";
};

function change(td, { name, kind }) {
  say(td, kind === "counter" ? `${rate(grown.rate(name))}/s` : "");
}

/** What a line shows: how fast a counter grows, what a gauge says, a stat's p99. */
function line(td, { name, kind }) {
  spark(td, kind === "counter" ? grown.rates(name) : values.get(name) ?? [], KEPT, `${name} in the last minute`);
}

const table = new Table([
  { name: "Name", order: ({ name }) => name, cell: (th, { name }) => say(th, name) },
  { name: "Kind", order: ({ kind }) => kind, cell: (td, { kind }) => say(td, kind) },
  { name: "Value", title: "of a stat: p50 · p95 · p99", number: true, order: ({ value, p99 }) => value ?? p99 ?? NaN, cell: (td, item) => say(td, shown(item)) },
  { name: "Change", number: true, order: ({ name }) => grown.rate(name), cell: change },
  { name: "Last minute", cell: line },
], "All metrics", open);
table.shown = LIMIT;
$("metrics").parentElement.replaceWith(table.element);
$("filter").value = decodeURIComponent(location.hash.slice(1));

/** What a row opens to. */
function open({ kind, series, p50, p95, p99, max, avg, count: times }, box) {
  const facts = kind === "stat" ? `p50 ${number(p50)}, p95 ${number(p95)}, p99 ${number(p99)}, max ${number(max)}, average ${number(avg)}, ${count(times)} samples` : kind;
  const copy = make("button", { type: "button", text: "Copy", onclick: () => navigator.clipboard?.writeText(series) });
  copy.hidden = !navigator.clipboard;
  if (!box.firstChild) box.append(make("p"), make("p", {}, "In Prometheus: ", make("code", { class: "wide", text: series }), " ", copy));
  say(box.firstChild, facts);
}

function note(metrics) {
  for (const { name, kind, value, p99 } of metrics) {
    if (kind === "counter") {
      grown.note(name, value);
      continue;
    }
    const past = values.get(name) ?? [];
    past.push(value ?? p99 ?? 0);
    values.set(name, past.slice(-KEPT));
  }
  const names = new Set(metrics.map(({ name }) => name));
  for (const name of values.keys()) if (!names.has(name)) values.delete(name);
}

async function show() {
  const find = $("filter").value.trim();
  const { metrics, found, total, now } = await ask(`ui/metrics.json${query({ find, limit: LIMIT })}`);
  if (find !== $("filter").value.trim()) return;
  grown.begin(now);
  note(metrics);
  table.update(metrics.map((item) => [item.name, item]));
  for (const key of table.opened.keys()) table.refresh(key);
  empty.hidden = found > 0;
  table.element.hidden = !found;
  say($("found"), found > metrics.length ? `the first ${count(metrics.length)} of ${count(found)}: add a word to see others` : `${count(found)} of ${count(total)}`);
}

const empty = make("div", { class: "empty", hidden: true }, make("p", {}, make("b", { text: "No metric has such a name." })),
  make("p", { text: "All words must be in the name, in any order: web requests, client p99, jvm." }));
table.element.after(empty);
$("filter").addEventListener("input", () => {
  history.replaceState(null, "", $("filter").value ? `#${encodeURIComponent($("filter").value)}` : location.pathname);
  show().catch(() => {}); // the next round tells
});
$("search").addEventListener("submit", (event) => event.preventDefault());
poll(show);
