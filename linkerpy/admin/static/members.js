// The members of a router, its services, clients and servers, and the tables that list them.
import { make, say } from "./dom.js";
import { bytes, count, health, latency, rate, success } from "./format.js";
import { KEPT } from "./history.js";
import { spark } from "./spark.js";
import { Table } from "./table.js";

/** The client ids that are names; the others are the router's own doings. */
const CLIENT = /^\/(%\/.*\/)?[#$]\//;
export const HINT = "in the last ten to twenty seconds";
const COUNTERS = ["requests", "success", "failures", "received", "sent"];

/** Note what all members did before the page was opened: see `ui/lately.json`. */
export function begin({ counters, times, members }, history) {
  for (const [label, kind, name, ...steps] of members) {
    counters.forEach((counter, index) => {
      let value = 0;
      const points = steps.map((step, at) => [times.at(at - steps.length), (value += step[index])]);
      history.seed(`${label} ${kind} ${name} ${counter.replace("_bytes", "")}`, points);
    });
  }
}

/** How busy a member was, roughly: rows of about the same traffic must not change places all the time. */
const magnitude = ({ requests }) => Math.floor(Math.log10(1 + requests));

/** The rows of one kind as objects, with what follows from those before; the busiest first. */
export function read(kind, columns, rows, history, label) {
  const items = rows.map((row) => {
    const item = Object.fromEntries(columns.map((name, index) => [name, row[index]]));
    const scope = `${label} ${kind} ${item.name}`;
    for (const what of COUNTERS) history.note(`${scope} ${what}`, item[what], true);
    const outcome = [history.lately(`${scope} success`), history.lately(`${scope} failures`)];
    return { ...item, kind, shown: kind === "server" ? item.name : `/${item.name}`, scope, outcome, rate: history.rate(`${scope} requests`) };
  });
  return items.filter(({ shown }) => kind !== "client" || CLIENT.test(shown))
    .sort((one, other) => magnitude(other) - magnitude(one) || one.name.localeCompare(other.name));
}

function successCell(td, { outcome }) {
  const { text, judgement } = success(...outcome);
  say(td, text);
  td.className = `n ${judgement}`;
}

const successOf = ({ outcome: [good, bad] }) => (good + bad ? good / (good + bad) : NaN);

/** How many endpoints take requests, as a bar and in words. */
export function endpointsCell(td, { size, available }) {
  if (!td.firstChild) td.append(make("span", { class: "bar", "aria-hidden": "true" }, make("i")), make("span"));
  const [bar, text] = td.children;
  bar.firstChild.style.width = `${(100 * available) / Math.max(size, 1)}%`;
  td.className = health(available, size);
  say(text, `${count(available)} of ${count(size)}`);
}

const number = (name, order, show, title) => ({ name, number: true, title, order, cell: (td, item) => say(td, show(order(item))) });
const latencies = ["p50", "p95", "p99"].map((name) => number(name, (item) => item[name] ?? NaN, latency, HINT));

function requestColumns() {
  return [
    number("Requests/s", (item) => item.rate, rate),
    number("Requests", (item) => item.requests, count, "since the start"),
    { name: "Success", number: true, title: "in the last minute", order: (item) => -successOf(item), cell: successCell },
    number("Failures", (item) => item.failures, count, "since the start"),
    ...latencies,
    number("In flight", (item) => item.pending, count),
  ];
}

function sessionColumns(history) {
  const flow = (name, what) => number(name, (item) => history.rate(`${item.scope} ${what}`), bytes);
  return [
    number("Sessions/s", (item) => item.rate, rate, "that have ended"),
    number("Sessions", (item) => item.requests, count, "that have ended, since the start"),
    { name: "Success", number: true, title: "in the last minute", order: (item) => -successOf(item), cell: successCell },
    number("Failures", (item) => item.failures, count, "since the start"),
    flow("Received/s", "received"),
    flow("Sent/s", "sent"),
    number("p99", (item) => item.p99 ?? NaN, latency, `until both sides were connected, ${HINT}`),
    number("Waiting", (item) => item.pending, count, "for their connection"),
  ];
}

/** The three tables of a router. Their figures stand below each other: all have as many columns. */
export function tables(router, history, open) {
  const own = router.protocol === "tcp" ? sessionColumns(history) : requestColumns();
  const connections = number("Connections", (item) => item.connections, count);
  const retries = number("Retries", (item) => item.retries, count, "since the start");
  const endpoints = { name: "Endpoints", title: "available of all", order: ({ size, available }) => available / size, cell: endpointsCell };
  const line = { name: "Last minute", title: "requests per second", cell: (td, { scope }) => spark(td, history.rates(`${scope} requests`), KEPT, "Requests per second in the last minute", history.times(`${scope} requests`)) };
  const made = (kind, title, ...extra) => new Table(
    [{ name: title.slice(0, -1), order: ({ shown }) => shown, cell: (th, { shown }) => say(th, shown) }, ...own, ...extra],
    `${title} of ${router.label}`, open(kind));
  return {
    service: made("service", "Services", router.protocol === "tcp" ? connections : retries, line),
    client: made("client", "Clients", connections, endpoints),
    server: made("server", "Servers", connections, line),
  };
}
