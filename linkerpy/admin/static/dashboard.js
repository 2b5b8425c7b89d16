// The dashboard: asks for the traffic every second, and shows it.
import { Attention } from "./attention.js";
import { figure, make, options, say, copier } from "./dom.js";
import { bytes, count, latency, rate, span, success } from "./format.js";
import { History } from "./history.js";
import { begin } from "./members.js";
import { ask, poll, query } from "./poll.js";
import { RouterCard } from "./router.js";
import { careless, routersOf } from "./routers.js";
import { Workers } from "./workers.js";

const $ = (id) => document.getElementById(id);
const members = new History();
const cpu = new History();
const attention = new Attention($("attention"));
let cards = [];
let configuration = "";
let since = 0;
let started = null;
let begun = false; // whether what was before the page is noted
let workers = null;

const totals = {
  rate: figure($("totals"), "Requests/s", "TCP sessions count as requests"),
  requests: figure($("totals"), "Total requests", "since the start"),
  success: figure($("totals"), "Success", "in the last minute"),
  pending: figure($("totals"), "In flight"),
  incoming: figure($("totals"), "Incoming connections"),
  outgoing: figure($("totals"), "Outgoing connections"),
};
const facts = {
  uptime: figure($("process"), "Up"),
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
  cards = shown.map((router) => new RouterCard(router, members));
  $("routers").replaceChildren(...cards.map(({ element }) => element));
  if (!all.length) $("routers").append(make("p", { class: "quiet", text: "The configuration has no routers." }));
  options($("router"), [["", "all"], ...all.map(({ label }) => [label, label])], shown.length < all.length ? chosen : "");
  $("router").parentElement.hidden = all.length < 2;
  hint(shown);
  const places = careless(config);
  say($("careless"), `TLS is not checked (disableValidation), so whoever answers is believed: ${places.join(", ")}.`);
  $("careless").hidden = !places.length;
  workers = (config.workers ?? 1) === 1 ? null : new Workers($("workers"), members);
  $("workers").hidden = true;
}

$("router").addEventListener("change", ({ target }) => {
  location.search = target.value ? query({ router: target.value }) : "";
});

/** The first thing to try, while no request was seen yet. */
function hint(routers) {
  const url = routers.find(({ protocol, url: found }) => protocol === "http" && found)?.url;
  const words = [make("p", {}, make("b", { text: "No requests yet." }), " They show up here within a second.")];
  if (url) {
    const command = `curl ${url}`;
    const copy = copier(make("button", { type: "button", text: "Copy" }), () => command);
    words.push(make("p", { class: "try" }, make("code", { text: command }), copy));
  }
  $("hint").replaceChildren(...words);
}

const sum = (values) => values.reduce((all, value) => all + value, 0);

function showTotals() {
  const known = cards.filter(({ series }) => series.last);
  const rates = known.map(({ series }) => series.rate("requests")).filter(Number.isFinite);
  const last = (name) => sum(known.map(({ series }) => series.last[name]));
  const outcomes = known.map(({ series }) => series.outcome());
  const { text, judgement } = success(sum(outcomes.map(([good]) => good)), sum(outcomes.map(([, bad]) => bad)));
  say(totals.rate, rate(rates.length ? sum(rates) : NaN));
  say(totals.requests, count(last("requests")));
  say(totals.success, text);
  totals.success.className = judgement;
  say(totals.pending, count(last("pending")));
  say(totals.incoming, count(last("connections")));
  say(totals.outgoing, count(sum(cards.map(({ outgoing }) => outgoing))));
  $("hint").hidden = last("requests") + last("connects") > 0;
}

function showProcess({ process, now }) {
  cpu.begin(now);
  cpu.note("ms", process.cpu);
  const busy = cpu.rate("ms");
  say(facts.uptime, span(process.uptime));
  say(facts.memory, bytes(process.memory));
  say(facts.cpu, Number.isFinite(busy) ? `${(busy / 10).toFixed(busy < 100 ? 1 : 0)}%` : "–");
  say(facts.lag, latency(process.lag ?? NaN));
  say(facts.threads, count(process.threads));
  say(facts.files, count(process.files));
}

/** Build the cards anew if the configuration is another one: after a restart it may be. */
async function configure() {
  const config = await ask("config.json");
  if (JSON.stringify(config) === configuration) return;
  configuration = JSON.stringify(config);
  since = 0;
  build(config);
}

function restarted() {
  since = 0;
  members.clear();
  begun = false;
  cpu.clear();
  for (const card of cards) card.series.points = [];
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

/** One look at the server. */
async function round(again) {
  if (!configuration || again) await configure();
  let traffic = await ask(`ui/traffic.json${query({ since })}`);
  if (started !== null && traffic.started !== started) {
    restarted();
    traffic = await ask("ui/traffic.json");
  }
  started = traffic.started;
  if (!begun) begin(await ask("ui/lately.json"), members);
  begun = true;
  const rows = await ask("ui/members.json");
  members.begin(rows.now);
  for (const card of cards) {
    const told = traffic.routers.find(({ label }) => label === card.router.label);
    if (!told) continue;
    card.note(traffic.columns, told, rows.columns, rows.routers[card.router.label]);
    card.show(traffic.now);
    since = Math.max(since, card.series.last?.at ?? 0);
  }
  showTotals();
  showProcess(traffic);
  attention.show(cards);
  await Promise.all(cards.map((card) => card.refresh()));
  if (workers) await showWorkers();
}

poll(round);
