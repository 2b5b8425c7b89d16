// Recent requests, the newest first, each with its story.
import { make, options, say } from "./dom.js";
import { NOTHING, count } from "./format.js";
import { ask, fetched, poll, query } from "./poll.js";
import { Table } from "./table.js";

const $ = (id) => document.getElementById(id);
const LIMIT = 200;
const SVG = "http://www.w3.org/2000/svg";
const SETTING = `telemetry:
- kind: io.l5d.recentRequests
  sampleRate: 0.05    # of all requests
  capacity: 200       # that are kept`;
let paused = false;
let absent = false;

/** Milliseconds with the digits that tell something. */
const ms = (value) => (value === null || value === undefined ? NOTHING : value < 10 ? `${value.toFixed(2)} ms` : value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`);
const clock = (at) => new Date(at * 1000).toLocaleTimeString("en-GB", { hour12: false }) + (at % 1).toFixed(3).slice(1);
const judgement = ({ status, error }) => (error || status >= 500 ? "bad" : status >= 400 ? "poor" : "good");
const last = ({ attempts }) => attempts.at(-1);

const table = new Table([
  { name: "Time", cell: (th, { at }) => say(th, clock(at)) },
  { name: "Router", cell: (td, { router }) => say(td, router) },
  { name: "Request", cell: (td, { method, host, path }) => { td.className = "wide"; say(td, `${method} ${host}${path}`); } },
  { name: "Service", cell: (td, { service }) => say(td, service ? `/${service}` : NOTHING) },
  { name: "Endpoint", cell: (td, { endpoint }) => say(td, endpoint || NOTHING) },
  { name: "Status", number: true, cell: (td, item) => { td.className = `n ${judgement(item)}`; say(td, item.status === null ? "none" : String(item.status)); } },
  { name: "Tries", number: true, cell: (td, { attempts }) => say(td, count(attempts.length)) },
  { name: "Took", number: true, cell: (td, { duration_ms: took }) => say(td, ms(took)) },
], "Recent requests", open);
$("requests").replaceWith(table.element);
const empty = make("div", { class: "empty", hidden: true });
table.element.after(empty);

/** The request as a bar: when it was sent where, and when the answer came. */
function track({ attempts, timings, duration_ms: whole, error }) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1000 10");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const part = (from, to, kind) => {
    const rect = document.createElementNS(SVG, "rect");
    const [x, end] = [from, to].map((time) => (1000 * Math.min(time, whole)) / (whole || 1));
    for (const [name, value] of Object.entries({ x, y: 0, width: Math.max(end - x, 2), height: 10, class: kind })) rect.setAttribute(name, value);
    svg.append(rect);
  };
  part(0, attempts[0]?.at_ms ?? whole, attempts.length || !error ? "own" : "lost");
  for (const attempt of attempts) part(attempt.at_ms, attempt.at_ms + attempt.duration_ms, attempt.error || attempt.status >= 500 ? "lost" : "sent");
  if (timings.first_byte !== null && timings.end !== null) part(timings.first_byte, timings.end, "body");
  return make("div", { class: "track" }, svg);
}

function moment(at, ...what) {
  return make("li", {}, make("time", { text: at === null ? "" : ms(at) }), make("span", { class: "wide" }, ...what));
}

function explained(router, path) {
  return make("a", { href: `delegator${query({ router })}#${encodeURI(path)}`, text: path });
}

/** What became of a request, in the order of time. */
function steps(item) {
  const { timings, attempts, router } = item;
  const list = [moment(0, `${item.method} ${item.path}, Host: ${item.host || "none"}`)];
  if (item.identified) list.push(moment(timings.identified, "identified as ", explained(router, item.identified)));
  else list.push(moment(null, make("span", { class: "bad", text: "could not be identified" })));
  if (item.bound) list.push(moment(timings.bound, "bound to ", make("code", { text: item.bound })));
  else if (item.identified) list.push(moment(null, make("span", { class: "bad", text: "was never bound" })));
  attempts.forEach(({ endpoint, status, error, at_ms: at, duration_ms: took }, index) => {
    const outcome = error ?? `answered ${status}`;
    list.push(moment(at, attempts.length > 1 ? `attempt ${index + 1}: ` : "", `sent to ${endpoint || "no endpoint"}, `,
      make("span", { class: error || status >= 500 ? "bad" : "" , text: `${outcome} after ${ms(took)}` })));
  });
  if (timings.first_byte !== null) list.push(moment(timings.first_byte, "first byte to the caller"));
  list.push(moment(timings.end, `over${item.status === null ? "" : `, status ${item.status}`}`));
  return make("ol", {}, ...list);
}

/** What a row opens to. A request that is over does not change. */
function open(item, box) {
  if (box.firstChild) return;
  box.append(track(item), make("div", { class: "story" }, steps(item)));
  if (item.error) box.append(make("pre", { class: "error", text: item.error.trim() }));
  box.append(make("p", { class: "quiet", text: `Trace ${item.trace}` }));
}

function tellEmpty(asked) {
  if (absent) {
    empty.replaceChildren(make("p", {}, make("b", { text: "Requests are not kept." })),
      make("p", { text: "To see the latest here, let the configuration keep some, and restart:" }), make("pre", { text: SETTING }));
    return;
  }
  empty.replaceChildren(make("p", {}, make("b", { text: asked ? "No request fits." : "No requests yet." })),
    make("p", { text: asked ? "Of those that are kept, none is like that. Ask for less." : "They appear here as they come." }));
}

function know(requests) {
  const labels = [...new Set([...requests.map(({ router }) => router), ...[...$("router").options].map(({ value }) => value)])].filter(Boolean).sort();
  if (labels.length + 1 !== $("router").options.length) options($("router"), [["", "all"], ...labels.map((label) => [label, label])], $("router").value);
  const services = [...new Set([...requests.map(({ service }) => service), ...[...$("known").children].map(({ value }) => value)])].filter(Boolean);
  if (services.length !== $("known").children.length) $("known").replaceChildren(...services.sort().map((value) => make("option", { value })));
}

const wanted = () => ({ router: $("router").value, service: $("service").value.trim(), status: $("status").value, slow_ms: $("slow").value });

async function show() {
  const filters = wanted();
  let requests = [];
  try {
    ({ requests } = await ask(`admin/requests.json${query({ ...filters, limit: LIMIT })}`));
    absent = false;
  } catch (error) {
    if (error.status !== 404) throw error;
    absent = true;
  }
  know(requests);
  table.update(requests.map((item) => [`${item.trace} ${item.at}`, item]));
  table.element.hidden = !requests.length;
  empty.hidden = requests.length > 0;
  if (!requests.length) tellEmpty(Object.values(filters).some(Boolean));
  say($("found"), absent ? "" : `${count(requests.length)} requests${requests.length === LIMIT ? " or more" : ""}`);
}

function remember() {
  history.replaceState(null, "", query(wanted()).replace(/\?$/, "") || location.pathname);
}

/** The filters that the address asks for. */
function restore() {
  const asked = new URLSearchParams(location.search);
  if (asked.get("router")) options($("router"), [["", "all"], [asked.get("router"), asked.get("router")]], asked.get("router"));
  $("service").value = asked.get("service") ?? "";
  $("status").value = asked.get("status") ?? "";
  $("slow").value = asked.get("slow_ms") ?? "";
}

restore();
$("search").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["router", "service", "status", "slow"]) $(id).addEventListener("input", () => { remember(); show(); });
$("pause").addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  say($("pause"), paused ? "Paused" : "Pause");
});

/** New requests would push away the one that is being read. */
poll(async () => {
  const reading = table.opened.size > 0;
  if (!paused && !reading) return show();
  if (reading && !paused) say($("found"), "waiting while a request is open");
  await fetched("admin/ping");
});
