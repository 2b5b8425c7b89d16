// The tables of a router's card: its clients, services and servers.
import { Table, make, say } from "./dom.js";
import { NOTHING, count, health, latency, rate, success } from "./format.js";

/** The client ids that are names; the others are the router's own doings. */
export const CLIENT = /^\/(%\/.*\/)?[#$]\//;
export const HINT = "in the last ten to twenty seconds";

export const counter = (node, ...names) => names.reduce((at, name) => at?.[name], node)?.counter ?? 0;
export const gauge = (node, ...names) => names.reduce((at, name) => at?.[name], node)?.gauge ?? 0;
export const percentile = (name) => ({ node }) => node.request_latency_ms?.[`stat.${name}`];

/** How busy a member was, roughly: rows of about the same traffic must not change places all the time. */
const magnitude = (node) => Math.floor(Math.log10(1 + counter(node, "requests")));

/** Members of a scope, the busiest first, then by name. */
export function members(scope, history, prefix) {
  return Object.entries(scope ?? {})
    .map(([name, node]) => ({ name, node, scope: `${prefix} ${name}` }))
    .map((item) => ({ ...item, rate: history.rate(`${item.scope} requests`) }))
    .sort((one, other) => magnitude(other.node) - magnitude(one.node) || one.name.localeCompare(other.name));
}

function successCell(td, [good, bad]) {
  const { text, judgement } = success(good, bad);
  say(td, text);
  td.className = `n ${judgement}`;
}

function endpointsCell(td, { node }) {
  const size = gauge(node, "loadbalancer", "size");
  const available = gauge(node, "loadbalancer", "available");
  if (!td.firstChild) td.append(make("meter", { min: "0" }), make("span"));
  const [meter, text] = td.children;
  meter.max = Math.max(size, 1);
  meter.value = available;
  meter.className = text.className = health(available, size);
  const words = `${count(available)} of ${count(size)}`;
  meter.setAttribute("aria-label", `${words} endpoints available`);
  say(text, words);
}

/** How often each class of answer came: "2XX 120 · 5XX 3". Not every protocol has such classes. */
function statusCell(td, { node }) {
  const classes = Object.entries(node.status ?? {}).filter(([name, { counter: times }]) => /XX$|^error$/.test(name) && times > 0);
  say(td, classes.map(([name, { counter: times }]) => `${name} ${count(times)}`).sort().join(" · ") || NOTHING);
}

const SHOWN = 3;

const STATES = { Neg: "no such name", Pending: "the name is being looked up" };

/** A client, and what naming last said of it; a long list of addresses is cut, the tooltip has all. */
function clientCell(th, { shown, state }) {
  if (!th.firstChild) th.append(make("span"), make("small"));
  const [name, where] = th.children;
  const all = state?.addresses ?? [];
  const more = all.length > SHOWN ? ` and ${all.length - SHOWN} more` : "";
  const lost = state && state.state !== "bound";
  say(name, shown);
  say(where, lost ? STATES[state.state] ?? state.state : all.slice(0, SHOWN).join(", ") + more);
  where.className = lost ? "bad" : "quiet";
  where.title = all.join("\n");
}

function columns(history, name, extra, cell = (th, item) => say(th, item.shown ?? item.name)) {
  const number = (head, show, title) => ({ name: head, number: true, title, cell: (td, item) => say(td, show(item)) });
  return [
    { name, cell },
    number("Requests/s", (item) => rate(item.rate)),
    number("Requests", ({ node }) => count(counter(node, "requests")), "since the start"),
    { name: "Success", number: true, title: "in the last minute", cell: (td, item) => successCell(td, history.outcome(item.scope)) },
    number("Failures", ({ node }) => count(counter(node, "failures")), "since the start"),
    number("p50", (item) => latency(percentile("p50")(item)), HINT),
    number("p95", (item) => latency(percentile("p95")(item)), HINT),
    number("p99", (item) => latency(percentile("p99")(item)), HINT),
    number("In flight", ({ node }) => count(gauge(node, "pending"))),
    ...extra,
  ];
}

/** The three tables of a router. Their figures stand below each other: all have as many columns. */
export function tables(label, history) {
  const connections = { name: "Connections", number: true, cell: (td, { node }) => say(td, count(gauge(node, "connections"))) };
  const retries = { name: "Retries", number: true, cell: (td, { node }) => say(td, count(counter(node, "retries", "total"))) };
  const endpoints = { name: "Endpoints", title: "available of all", cell: endpointsCell };
  const statuses = { name: "Answers", title: "by class of status, since the start", cell: statusCell };
  return {
    client: new Table(columns(history, "Client", [connections, endpoints], clientCell), `Clients of ${label}`),
    service: new Table(columns(history, "Service", [retries, statuses]), `Services of ${label}`),
    server: new Table(columns(history, "Server", [connections, statuses]), `Servers of ${label}`),
  };
}
