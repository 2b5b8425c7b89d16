// What a member's row opens to: a client's endpoints, a service's clients, answers and failures.
import { figure, make } from "./dom.js";
import { bytes, count, latency, success } from "./format.js";
import { query } from "./poll.js";

const STATES = { Neg: "There is no such name any more.", Pending: "The name is being looked up.", closed: "This client is no longer in use." };
const MEANINGS = {
  live: "takes requests",
  busted: "failed too often: left alone for a while, then tried again",
  probation: "no longer announced, but still works",
  draining: "gone, but for requests under way",
};

const number = (text) => make("td", { class: "n", text });

function table(caption, heads, rows) {
  return make("table", { class: "plain" }, make("caption", { text: caption }),
    make("thead", {}, make("tr", {}, ...heads.map(([name, right]) => make("th", { scope: "col", class: right ? "n" : undefined, text: name })))),
    make("tbody", {}, ...rows));
}

/** How often each thing was counted, the most frequent first. */
function tally(caption, head, counts) {
  const rows = Object.entries(counts).filter(([name]) => !/^\dXX$/.test(name)).sort(([, one], [, other]) => other - one)
    .map(([name, times]) => make("tr", {}, make("th", { scope: "row", title: name, text: name.slice(name.lastIndexOf(".") + 1) }), number(count(times))));
  return rows.length ? [table(caption, [[head], ["Times", true]], rows)] : [];
}

function endpoints({ endpoints: all, balancer, state }, tcp) {
  if (!all.length) return [make("p", { class: "bad", text: STATES[state] ?? (state === "bound" ? "The name has no addresses." : state) })];
  const rows = all.map(({ address, weight, load, state: now }) => make("tr", {},
    make("th", { scope: "row", text: address }),
    make("td", {}, make("span", { class: `state ${now}`, title: MEANINGS[now], text: now })),
    number(String(weight)), number(count(load))));
  const how = balancer ? ` by ${balancer.replaceAll("_", " ")}` : "";
  return [table(`Endpoints, balanced${how}`, [["Address"], ["State"], ["Weight", true], [tcp ? "Sessions" : "In flight", true]], rows)];
}

function flows(caption, head, all) {
  const sum = all.reduce((total, { requests }) => total + requests, 0) || 1;
  const rows = all.map(({ name, requests, success: good, failures, p99 }) => {
    const { text, judgement } = success(good, failures);
    return make("tr", {}, make("th", { scope: "row", text: `/${name}` }), number(count(requests)),
      number(`${((100 * requests) / sum).toFixed(0)}%`), make("td", { class: `n ${judgement}`, text }), number(latency(p99 ?? NaN)));
  });
  return all.length ? [table(caption, [[head], ["Requests", true], ["Share", true], ["Success", true], ["p99", true]], rows)] : [];
}

function facts(pairs) {
  const list = make("dl", { class: "facts" });
  for (const [name, value] of pairs) figure(list, name).textContent = value;
  return list;
}

/** Fill a row's box, unless somebody is about to copy from it or to follow a link in it. */
export function fill(box, kind, item, told, router) {
  const selection = getSelection();
  if (box.contains(document.activeElement) || (!selection.isCollapsed && box.contains(selection.anchorNode))) return;
  const tcp = router.protocol === "tcp";
  const parts = [];
  if (told.trouble) parts.push(make("p", { class: "poor", text: `The addresses cannot be brought up to date: ${told.trouble}` }));
  if (kind === "client") {
    parts.push(...endpoints(told, tcp), ...flows("Services that use it, since the start", "Service", told.services));
  }
  if (kind === "service") parts.push(...flows("Clients it was sent to, since the start", "Client", told.clients));
  parts.push(...tally("Answers", "Status", told.status), ...tally("Failures", "Cause", told.failures),
    ...tally("Connect failures", "Cause", told.connect_failures), ...tally("Retries", "What became of them", told.retries));
  if (kind === "client") {
    const { removals = 0, revivals = 0, probes = 0 } = told.accrual;
    parts.push(facts([["Taken out of service", count(removals)], ["Tried again", count(probes)], ["Back in service", count(revivals)],
      ...(tcp ? [] : [["Connections in the pool", count(told.pool)]])]));
  }
  if (kind === "server" || tcp) parts.push(facts([["Received", bytes(item.received)], ["Sent", bytes(item.sent)]]));
  if (kind === "service") {
    const href = `delegator${query({ router: router.label })}#${encodeURI(item.shown)}`;
    parts.push(make("p", {}, make("a", { href, text: `How ${item.shown} is bound` })));
  }
  if (!parts.length) parts.push(make("p", { class: "quiet", text: "Nothing more to tell yet." }));
  box.replaceChildren(...parts);
}
