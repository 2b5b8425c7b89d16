// The TLS handshakes that failed lately, and how all who speak TLS fare.
import { Table, say } from "./dom.js";
import { NOTHING, count, latency, span } from "./format.js";
import { ask, poll } from "./poll.js";
import { counter, gauge } from "./tables.js";

const CAREFUL = 14 * 86400; // seconds; what expires sooner should have been renewed

const text = (name, key) => ({ name, cell: (cell, failure) => say(cell, failure[key]) });
const failures = new Table([
  { name: "When", cell: (cell, { at }) => say(cell, new Date(at * 1000).toLocaleString("en-GB")) },
  text("Router", "router"),
  { name: "We are the", cell: (cell, { side }) => say(cell, side) },
  text("With", "peer"),
  text("Cause", "cause"),
  text("Why, and what to do", "message"),
], "Handshakes that failed lately");

function certificateCell(td, { tls }) {
  const left = tls.certificate_seconds_left?.gauge;
  const known = Number.isFinite(left);
  say(td, known ? (left > 0 ? span(left * 1000) : "expired") : NOTHING);
  td.className = known && left < CAREFUL ? (left > 0 ? "n poor" : "n bad") : "n";
}

function checkCell(td, { tls }) {
  const careless = gauge(tls, "validation_disabled") > 0;
  say(td, careless ? "believed unchecked" : "");
  td.className = careless ? "bad" : "";
}

const ends = new Table([
  { name: "Router", cell: (th, { router }) => say(th, router) },
  { name: "Server or client", cell: (td, { name }) => say(td, name) },
  { name: "Connections", number: true, cell: (td, { tls }) => say(td, count(gauge(tls, "connections"))) },
  { name: "Handshake, p99", number: true, title: "in the last ten to twenty seconds",
    cell: (td, { tls }) => say(td, latency(tls.handshake_latency_ms?.["stat.p99"])) },
  { name: "Failed", number: true, title: "since the start", cell: (td, { failed }) => say(td, count(failed)) },
  { name: "Own certificate lasts", number: true, cell: certificateCell },
  { name: "Peers", cell: checkCell },
], "Who speaks TLS");

document.getElementById("failures").append(failures.element);
document.getElementById("ends").append(ends.element);

/** The members of a scope that speak TLS: all servers have a gauge, but only these shake hands. */
function speakers(router, scope, before) {
  return Object.entries(scope ?? {}).filter(([, { tls }]) => tls?.handshake_latency_ms).map(([name, { tls }]) => {
    const failed = Object.keys(tls.failures ?? {}).reduce((all, cause) => all + counter(tls.failures, cause), 0);
    return [`${router} ${before}${name}`, { router, name: before + name, tls, failed }];
  });
}

poll(async () => {
  const [listed, tree] = await Promise.all([ask("admin/tls_failures.json"), ask("admin/metrics.json?tree=1&live=1")]);
  const keyOf = ({ router, side, peer, cause }) => [router, side, peer, cause].join(" ");
  failures.update(listed.failures.map((failure) => [keyOf(failure), failure]));
  document.getElementById("none").hidden = listed.failures.length > 0;
  const routers = Object.entries(tree.rt ?? {});
  ends.update(routers.flatMap(([router, { server, client }]) =>
    [...speakers(router, server, ""), ...speakers(router, client, "/")]));
});
