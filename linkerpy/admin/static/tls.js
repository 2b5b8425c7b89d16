// The TLS handshakes that failed lately, and how all who speak TLS fare.
import { make, say } from "./dom.js";
import { NOTHING, count, latency, span } from "./format.js";
import { ask, poll } from "./poll.js";
import { Table } from "./table.js";

const CAREFUL = 14 * 86400; // seconds; what expires sooner should have been renewed

const SIDES = { server: "a caller and our server", client: "us and an endpoint" };
const list = document.getElementById("failures");
let told = "";

function fault({ at, router, side, peer, cause, message, worker }) {
  const when = new Date(at * 1000);
  return make("article", { class: "fault" },
    make("p", {}, make("span", { class: "state failed", text: cause }), " ", make("b", { text: peer }), " ",
      make("span", { class: "chip", text: router })),
    make("p", { text: message }),
    make("p", { class: "quiet", text: `between ${SIDES[side] ?? side}, last at ${when.toLocaleString("en-GB")}${worker ? `, in worker ${worker}` : ""}` }));
}

const gauge = (tls, name) => tls[name]?.gauge ?? 0;

function certificateCell(td, { tls }) {
  const left = tls.certificate_seconds_left?.gauge;
  const known = Number.isFinite(left);
  say(td, known ? (left > 0 ? span(left * 1000) : "expired") : NOTHING);
  td.className = known && left < CAREFUL ? (left > 0 ? "n poor" : "n bad") : "n";
}

function checkCell(td, { tls, kind }) {
  const careless = gauge(tls, "validation_disabled") > 0;
  say(td, kind === "server" ? NOTHING : careless ? "believed unchecked" : "checked");
  td.className = careless ? "bad" : "";
}

const ends = new Table([
  { name: "Server or client", cell: (th, { name }) => say(th, name) },
  { name: "Router", cell: (td, { router }) => say(td, router) },
  { name: "Connections", number: true, cell: (td, { tls }) => say(td, count(gauge(tls, "connections"))) },
  { name: "Handshake, p99", number: true, title: "in the last ten to twenty seconds",
    cell: (td, { tls }) => say(td, latency(tls.handshake_latency_ms?.["stat.p99"])) },
  { name: "Failed", number: true, title: "since the start", cell: (td, { failed }) => say(td, count(failed)) },
  { name: "Own certificate lasts", number: true, cell: certificateCell },
  { name: "Who answers is", title: "whether a client checks the certificates that it is shown", cell: checkCell },
], "Who speaks TLS");
document.getElementById("ends").append(ends.element);

/** The members of a scope that speak TLS: all servers have a gauge, but only these shake hands. */
function speakers(router, kind, scope) {
  const before = kind === "client" ? "/" : "";
  return Object.entries(scope ?? {}).filter(([, { tls }]) => tls?.handshake_latency_ms).map(([name, { tls }]) => {
    const failed = Object.values(tls.failures ?? {}).reduce((all, cause) => all + (cause.counter ?? 0), 0);
    return [`${router} ${before}${name}`, { router, kind, name: before + name, tls, failed }];
  });
}

function showEnds(tree) {
  const found = Object.entries(tree.rt ?? {}).flatMap(([router, { server, client }]) =>
    [...speakers(router, "server", server), ...speakers(router, "client", client)]);
  ends.update(found);
  document.getElementById("ends").hidden = !found.length;
  document.getElementById("nobody").hidden = found.length > 0;
}

poll(async () => {
  const [{ failures }, tree] = await Promise.all([ask("admin/tls_failures.json"), ask("admin/metrics.json?tree=1&live=1")]);
  showEnds(tree);
  if (JSON.stringify(failures) === told) return;
  told = JSON.stringify(failures);
  list.replaceChildren(...failures.map(fault));
  if (!failures.length) {
    list.append(make("div", { class: "empty" }, make("p", {}, make("b", { text: "No handshake has failed." })),
      make("p", {}, "If TLS does not work although nothing stands here, nobody has tried to connect yet, or the other side gives up first: its log will tell. ",
        make("code", { text: "linkerpy tls check" }), " tries a connection and says what it sees.")));
  }
});
