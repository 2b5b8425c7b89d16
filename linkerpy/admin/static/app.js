// The dashboard: asks for the metrics every second, and shows them.
import { figure, make, say } from "./dom.js";
import { bytes, count, latency, rate, span, success } from "./format.js";
import { History } from "./history.js";
import { ask, poll } from "./poll.js";
import { RouterCard } from "./router.js";
import { careless, routersOf } from "./routers.js";
import { gauge } from "./tables.js";
import { Workers } from "./workers.js";

const METRICS = "admin/metrics.json?tree=1&live=1";
const $ = (id) => document.getElementById(id);
const STATES = "client_state.json";
const STATES_PERIOD = 5; // rounds
const history = new History();
let states = {}; // null when that page is refused
let rounds = 0;
let cards = [];
let configuration = "";
let workers = null;

const totals = {
  rate: figure($("totals"), "Requests/s"),
  requests: figure($("totals"), "Total requests", "since the start"),
  success: figure($("totals"), "Success", "in the last minute"),
  pending: figure($("totals"), "In flight"),
  incoming: figure($("totals"), "Incoming connections"),
  outgoing: figure($("totals"), "Outgoing connections"),
};
const facts = {
  memory: figure($("process"), "Memory"),
  cpu: figure($("process"), "CPU", "of one core"),
  lag: figure($("process"), "Event loop lag, p99", "how late the process gets round to things"),
  threads: figure($("process"), "Threads"),
  files: figure($("process"), "Open files"),
};

/** Build the cards that the configuration asks for, and the choice between them. */
function build(config) {
  const all = routersOf(config);
  const chosen = new URLSearchParams(location.search).get("router");
  const shown = all.some(({ label }) => label === chosen) ? all.filter(({ label }) => label === chosen) : all;
  cards = shown.map((router) => new RouterCard(router, history));
  $("routers").replaceChildren(...cards.map(({ element }) => element));
  if (!all.length) $("routers").append(make("p", { class: "quiet", text: "The configuration has no routers." }));
  $("router").replaceChildren(...["", ...all.map(({ label }) => label)].map((label) =>
    make("option", { value: label, text: label || "all", selected: shown.length < all.length && label === chosen })));
  $("router").parentElement.hidden = all.length < 2;
  hint(shown);
  const places = careless(config);
  say($("careless"), `TLS is not checked (disableValidation), so whoever answers is believed: ${places.join(", ")}.`);
  $("careless").hidden = !places.length;
}

$("router").addEventListener("change", ({ target }) => {
  location.search = target.value ? `?router=${encodeURIComponent(target.value)}` : "";
});

/** The first thing to try, while no request was seen yet. */
function hint(routers) {
  const url = routers.find(({ protocol, url: found }) => protocol === "http" && found)?.url;
  const words = [make("p", {}, make("b", { text: "No requests yet." }), " They show up here within a second.")];
  if (url) {
    const command = `curl ${url}`;
    const copy = make("button", {
      type: "button", text: "Copy",
      onclick: () => navigator.clipboard?.writeText(command).then(() => say(copy, "Copied")),
    });
    // Browsers lend the clipboard to https and this machine only.
    words.push(make("p", { class: "try" }, make("code", { text: command }), ...(navigator.clipboard ? [copy] : [])));
  }
  $("hint").replaceChildren(...words);
}

const sum = (values) => values.reduce((all, value) => all + value, 0);

function showTotals(nodes) {
  const scopes = cards.map(({ prefix }) => prefix);
  const rates = scopes.map((scope) => history.rate(`${scope} requests`)).filter(Number.isFinite);
  const members = (kind) => nodes.flatMap((node) => Object.values(node[kind] ?? {}));
  const requests = sum(cards.map(({ sums }) => sums.requests));
  const outcomes = scopes.map((scope) => history.outcome(scope));
  const { text, judgement } = success(sum(outcomes.map(([good]) => good)), sum(outcomes.map(([, bad]) => bad)));
  say(totals.rate, rate(rates.length ? sum(rates) : NaN));
  say(totals.requests, count(requests));
  say(totals.success, text);
  totals.success.className = judgement;
  say(totals.pending, count(sum(cards.map(({ pending }) => pending))));
  say(totals.incoming, count(sum(members("server").map((node) => gauge(node, "connections")))));
  say(totals.outgoing, count(sum(members("client").map((node) => gauge(node, "connections")))));
  $("hint").hidden = requests > 0;
}

function showProcess(tree) {
  const busy = history.rate("cpu");
  say($("uptime"), `up ${span(gauge(tree, "jvm", "uptime"))}`);
  say(facts.memory, bytes(gauge(tree, "jvm", "mem", "current", "used")));
  say(facts.cpu, Number.isFinite(busy) ? `${(busy / 10).toFixed(busy < 100 ? 1 : 0)}%` : "–");
  say(facts.lag, latency(tree.process?.reactor_lag_ms?.["stat.p99"]));
  say(facts.threads, count(gauge(tree, "jvm", "thread", "count")));
  say(facts.files, count(gauge(tree, "jvm", "fd_count")));
}

/** Build the cards anew if the configuration is another one: after a restart it may be. */
async function configure() {
  const config = await ask("config.json");
  if (JSON.stringify(config) === configuration) return;
  configuration = JSON.stringify(config);
  build(config);
  workers = (config.workers ?? 1) === 1 ? null : new Workers($("workers"), history);
  $("workers").hidden = true;
}

/** Ask what the clients' names stand for. `admin.security` may refuse that page alone: then without. */
async function locate() {
  try {
    states = await ask(STATES);
  } catch (error) {
    if (error.name === "Error") states = null;
  }
}

/** One look at the server. */
async function round(again) {
  if (!configuration || again) await configure();
  if (states && (again || rounds % STATES_PERIOD === 0)) await locate();
  rounds += 1;
  const tree = await ask(METRICS);
  history.begin(gauge(tree, "jvm", "uptime") / 1000);
  history.note("cpu", gauge(tree, "process", "cpu_user_ms") + gauge(tree, "process", "cpu_system_ms"));
  const nodes = cards.map(({ router }) => tree.rt?.[router.label] ?? {});
  cards.forEach((card, index) => card.note(nodes[index]));
  cards.forEach((card, index) => card.show(nodes[index], states ?? {}));
  showTotals(nodes);
  showProcess(tree);
  if (workers) await showWorkers();
}

/** With `auto` there may be one process alone; `admin.security` may refuse the page. */
async function showWorkers() {
  try {
    await workers.show();
  } catch (error) {
    if (error.name === "TypeError" || error.name === "TimeoutError") throw error;
    workers = null;
  }
}

poll(round);
