// The names in use: what each stands for now, from which namer, since when, and what went wrong.
import { make, options, say } from "./dom.js";
import { count, span } from "./format.js";
import { ask, poll, query } from "./poll.js";
import { Table } from "./table.js";

const $ = (id) => document.getElementById(id);
const WORDS = {
  bound: "bound", stale: "stale", neg: "unknown", failed: "failed", pending: "pending",
};
const MEANINGS = {
  bound: "leads to endpoints",
  stale: "the namers fail: it leads where it led before",
  neg: "no namer knows this name",
  failed: "the namers fail, and it was never bound",
  pending: "the namers have not answered yet",
};
const LEAF = { Neg: "no such name", Pending: "being looked up", unused: "not asked for yet" };
const SHOWN = 8; // addresses of a leaf
let told = { names: [], namers: [] };

const since = (seconds) => (seconds === null ? "never" : seconds < 1 ? "now" : `${span(seconds * 1000)} ago`);
const counted = (what, times) => `${what} ${times === 1 ? "once" : `${count(times)} times`}`;
const troubled = ({ state, leaves }) => state !== "bound" || leaves.some((leaf) => leaf.trouble || !["bound", "unused"].includes(leaf.state) || (leaf.state === "bound" && !leaf.addresses.length));

/** The namer that an id comes from: the longest configured prefix, or the system's own. */
function namerOf(id) {
  const plain = id.replace(/^\/%\/.*?(?=\/[#$]\/)/, "");
  const known = told.namers.filter((prefix) => plain === prefix || plain.startsWith(`${prefix}/`));
  return known.sort((one, other) => other.length - one.length)[0] ?? plain.split("/").slice(0, 3).join("/");
}

function stateCell(td, item) {
  if (!td.firstChild) td.append(make("span"));
  const [badge] = td.children;
  badge.className = `state ${item.state}`;
  badge.title = MEANINGS[item.state];
  say(badge, WORDS[item.state]);
}

const text = (name, show, properties = {}) => ({ name, order: show, cell: (td, item) => say(td, show(item)), ...properties });
const moment = (name, field, title) => ({ name, title, number: true, order: (item) => item[field] ?? NaN, cell: (td, item) => say(td, since(item[field])) });

const table = new Table([
  { name: "Name", order: ({ path }) => path, cell: (th, { path }) => say(th, path) },
  text("Router", ({ router }) => router),
  { name: "State", order: ({ state }) => state, cell: stateCell },
  { ...text("Stands for", ({ tree }) => tree || "–"), cell: (td, { tree }) => { td.className = "wide"; say(td, tree || "–"); } },
  { ...text("Namer", ({ leaves }) => [...new Set(leaves.map(({ id }) => namerOf(id)))].join(", ") || "–") },
  moment("Changed", "changed", "when it last came to stand for something else"),
  moment("Followed", "followed", "since when the router follows it"),
], "Names in use", open);
$("names").replaceWith(table.element);

function leaf({ id, residual, state, addresses, updated, trouble }) {
  const cut = addresses.length > SHOWN ? [make("span", { class: "quiet", text: `and ${addresses.length - SHOWN} more` })] : [];
  const where = state === "bound"
    ? make("span", { class: "addresses" }, ...addresses.slice(0, SHOWN).map((address) => make("b", { text: address })), ...cut)
    : make("span", { class: state === "unused" ? "quiet" : "bad", text: LEAF[state] ?? state });
  const empty = state === "bound" && !addresses.length ? [make("span", { class: "bad", text: "no addresses" })] : [];
  return make("li", {}, make("code", { text: id + (residual === "/" ? "" : `[${residual}]`) }), " ",
    make("span", { class: "quiet", text: `from ${namerOf(id)}${updated === null ? "" : `, addresses changed ${since(updated)}`}` }),
    where, ...empty, ...(trouble ? [make("p", { class: "poor", text: `Cannot be brought up to date: ${trouble}` })] : []));
}

/** What a row opens to. */
function open(item, box) {
  const selection = getSelection();
  if (box.contains(document.activeElement) || (!selection.isCollapsed && box.contains(selection.anchorNode))) return;
  const failed = item.failures
    ? [make("p", { class: item.state === "bound" ? "quiet" : "bad", text: `${counted("Failed", item.failures)}, last ${since(item.failed)}: ${item.error}` })]
    : [make("p", { class: "quiet", text: "The namers have never failed for this name." })];
  const local = item.local ? [make("p", { text: `Under the dtab of the request: ${item.local}` })] : [];
  const href = `delegator${query({ router: item.router })}#${encodeURI(item.path)}`;
  box.replaceChildren(
    make("p", { text: `${MEANINGS[item.state][0].toUpperCase()}${MEANINGS[item.state].slice(1)}. ${counted("Bound", item.changes)}, last used ${since(item.used)}.` }),
    ...local, make("ul", { class: "leaves" }, ...item.leaves.map(leaf)), ...failed,
    make("p", {}, make("a", { href, text: "Explain step by step" })));
}

function show() {
  const words = $("filter").value.trim().toLowerCase().split(/\s+/);
  const router = $("router").value;
  const bad = $("state").value === "bad";
  const text = (item) => `${item.path} ${item.tree} ${item.leaves.flatMap(({ addresses }) => addresses).join(" ")}`.toLowerCase();
  const items = told.names.filter((item) => (!router || item.router === router) && (!bad || troubled(item))
    && words.every((word) => text(item).includes(word)))
    .sort((one, other) => troubled(other) - troubled(one) || one.path.localeCompare(other.path));
  table.update(items.map((item) => [`${item.router} ${item.path} ${item.local}`, item]));
  for (const key of table.opened.keys()) table.refresh(key);
  say($("found"), `${count(items.length)} of ${count(told.names.length)} names`);
  table.element.hidden = !items.length;
  empty.hidden = items.length > 0;
  empty.replaceChildren(...(told.names.length
    ? [make("p", { text: "No name fits. Look for less, or show all." })]
    : [make("p", {}, make("b", { text: "No names in use." })), make("p", { text: "A name appears here with the first request for it, and leaves some minutes after the last. To see where a name would lead without sending a request, use the Dtab page." })]));
}

const empty = make("div", { class: "empty", hidden: true });
table.element.after(empty);
$("search").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["filter", "state", "router"]) $(id).addEventListener("input", show);

poll(async () => {
  told = await ask("ui/names.json");
  const labels = [...new Set(told.names.map(({ router }) => router))].sort();
  if (labels.length + 1 !== $("router").options.length) options($("router"), [["", "all"], ...labels.map((label) => [label, label])], $("router").value);
  $("router").parentElement.hidden = labels.length < 2;
  show();
});
