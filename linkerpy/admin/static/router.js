// The card of one router: its figures, its charts, and the tables of its members.
import { Chart } from "./chart.js";
import { figure, make, say } from "./dom.js";
import { fill } from "./detail.js";
import { NOTHING, bytes, count, latency, rate, success } from "./format.js";
import { ask, query } from "./poll.js";
import { Series } from "./series.js";
import { HINT, read, tables } from "./members.js";

const KINDS = ["service", "client", "server"];
const TITLES = { service: "Services", client: "Clients", server: "Servers" };
const FILTERED = 8; // rows from which on a filter helps

export class RouterCard {
  constructor(router, history) {
    this.router = router;
    this.history = history;
    this.series = new Series();
    this.tcp = router.protocol === "tcp";
    this.items = { service: [], client: [], server: [] };
    this.outgoing = 0;
    this.causes = {};
    this.list = make("dl", { class: "figures" });
    this.figures = this.tcp ? this.tcpFigures() : this.requestFigures();
    this.charts = this.tcp ? this.tcpCharts() : this.requestCharts();
    this.tables = tables(router, history, (kind) => (item, box) => this.open(kind, item, box));
    this.sections = Object.fromEntries(KINDS.map((kind) => [kind, this.section(kind)]));
    this.filter = make("input", { type: "search", placeholder: "Filter names", "aria-label": `Filter the names of ${router.label}`, autocomplete: "off", spellcheck: "false", oninput: () => this.fillTables() });
    const where = router.servers.length ? `on ${router.servers.join(", ")}` : "";
    this.element = make("section", { class: "card", "aria-label": `Router ${router.label}` },
      make("header", {}, make("h2", { text: router.label }), make("span", { class: "chip", text: router.protocol }),
        make("span", { class: "quiet where", text: where }), this.filter, this.playground()),
      this.list, make("div", { class: "charts" }, ...this.charts.map(({ element }) => element)),
      ...KINDS.map((kind) => this.sections[kind].element), this.dtab());
  }

  requestFigures() {
    const { list } = this;
    return {
      rate: figure(list, "Requests/s"),
      requests: figure(list, "Requests", "since the start"),
      success: figure(list, "Success", "in the last minute"),
      p50: figure(list, "p50", HINT),
      p95: figure(list, "p95", HINT),
      p99: figure(list, "p99", HINT),
      pending: figure(list, "In flight"),
      retries: figure(list, "Retries/s"),
    };
  }

  tcpFigures() {
    const { list } = this;
    return {
      rate: figure(list, "Sessions/s", "new ones"),
      requests: figure(list, "Sessions", "that have ended, since the start"),
      success: figure(list, "Success", "of sessions that ended in the last minute"),
      open: figure(list, "Open now"),
      received: figure(list, "From callers/s"),
      sent: figure(list, "To callers/s"),
      p99: figure(list, "Connect p99", `until both sides were connected, ${HINT}`),
      causes: figure(list, "Connect failures", "to endpoints, by cause, since the start"),
    };
  }

  requestCharts() {
    const { label } = this.router;
    return [
      new Chart(`Requests of ${label}`, [{ name: "Requests/s", colour: "accent", fill: "fill" }, { name: "Failures/s", colour: "bad", fill: "bad-fill" }], rate),
      new Chart(`Latency of ${label}`, [{ name: "p50", colour: "low" }, { name: "p95", colour: "middle" }, { name: "p99", colour: "high" }], latency),
    ];
  }

  tcpCharts() {
    const { label } = this.router;
    return [
      new Chart(`Sessions of ${label}`, [{ name: "New/s", colour: "accent", fill: "fill" }, { name: "Open", colour: "low" }, { name: "Failed/s", colour: "bad", fill: "bad-fill" }], rate),
      new Chart(`Bytes of ${label}`, [{ name: "From callers/s", colour: "low" }, { name: "To callers/s", colour: "high" }], bytes, 1024),
    ];
  }

  playground() {
    const { label, prefix } = this.router;
    return make("a", { class: "quiet", href: `delegator${query({ router: label })}#${encodeURI(`${prefix}/`)}`, text: "Explain a name" });
  }

  /** The router's own dtab: what a request's name is looked up in. */
  dtab() {
    const { label, dtab } = this.router;
    const text = dtab ? make("pre", { class: "dtab", tabindex: "0", "aria-label": `Dtab of ${label}`, text: dtab })
      : make("p", { class: "quiet", text: "This router has no dtab of its own." });
    return make("details", {}, make("summary", { text: "Dtab" }), text);
  }

  section(kind) {
    const number = make("span", { class: "quiet" });
    const none = make("p", { class: "quiet", text: `No ${kind}s yet: they appear with the first ${this.tcp ? "session" : "request"}.` });
    const table = this.tables[kind].element;
    const element = make("details", { open: true }, make("summary", { text: `${TITLES[kind]} ` }, number), none, table);
    return { number, none, table, element };
  }

  /** Note what the server told of this router, before anything is shown. */
  note(columns, { points, causes }, memberColumns, rows) {
    this.series.add(columns, points);
    this.causes = causes;
    for (const kind of KINDS) this.items[kind] = read(kind, memberColumns, rows?.[kind] ?? [], this.history, this.router.label);
    this.outgoing = this.items.client.reduce((all, { connections }) => all + connections, 0);
  }

  /** The members of some kinds. */
  members(...kinds) {
    return kinds.flatMap((kind) => this.items[kind]);
  }

  show(now) {
    const { series, figures } = this;
    if (!series.last) return;
    say(figures.rate, rate(series.rate(this.tcp ? "connects" : "requests")));
    say(figures.requests, count(series.last.requests));
    const { text, judgement } = success(...series.outcome());
    say(figures.success, text);
    figures.success.className = judgement;
    for (const name of ["p50", "p95", "p99"]) {
      if (figures[name]) say(figures[name], latency(series.last[name] ?? NaN));
    }
    if (this.tcp) this.showTcp(now);
    else this.showRequests(now);
    this.fillTables();
  }

  showRequests(now) {
    const { series, figures, charts: [requests, latencies] } = this;
    say(figures.pending, count(series.last.pending));
    say(figures.retries, rate(series.rate("retries")));
    requests.update(now, series.times(), series.rates("requests"), series.rates("failures"));
    latencies.update(now, series.times(), ...["p50", "p95", "p99"].map((name) => series.values(name)));
  }

  showTcp(now) {
    const { series, figures, charts: [sessions, flows] } = this;
    say(figures.open, count(series.last.connections));
    say(figures.received, bytes(series.rate("received")));
    say(figures.sent, bytes(series.rate("sent")));
    const causes = Object.entries(this.causes).sort(([, one], [, other]) => other - one);
    say(figures.causes, causes.map(([cause, times]) => `${count(times)} ${cause}`).join(", ") || "0");
    figures.causes.className = causes.length ? "poor" : "";
    sessions.update(now, series.times(), series.rates("connects"), series.values("connections"), series.rates("failures"));
    flows.update(now, series.times(), series.rates("received"), series.rates("sent"));
  }

  fillTables() {
    const words = this.filter.value.trim().toLowerCase().split(/\s+/);
    for (const kind of KINDS) {
      const all = this.items[kind];
      const items = all.filter(({ shown }) => words.every((word) => shown.toLowerCase().includes(word)));
      const { number, none, table } = this.sections[kind];
      say(number, items.length === all.length ? String(all.length || "") : `${items.length} of ${all.length}`);
      none.hidden = all.length > 0;
      table.hidden = !all.length;
      this.tables[kind].update(items.map((item) => [item.name, item]));
    }
    this.filter.hidden = !this.filter.value && this.members(...KINDS).length < FILTERED;
  }

  /** Bring a member into view, and open it. */
  reveal({ kind, name, shown }) {
    this.sections[kind].element.open = true;
    const table = this.tables[kind];
    if (!table.rows.has(name)) this.filter.value = shown;
    this.fillTables();
    if (!table.opened.has(name)) table.toggle(name);
    const row = table.rows.get(name);
    row?.scrollIntoView({ block: "center", behavior: "smooth" });
    row?.querySelector("button").focus({ preventScroll: true });
  }

  /** Ask for a member's details, and show them in a row's box. */
  async open(kind, item, box) {
    if (!box.firstChild) box.append(make("p", { class: "quiet", text: "Asking…" }));
    try {
      fill(box, kind, item, await ask(`ui/member.json${query({ router: this.router.label, kind, name: item.name })}`), this.router);
    } catch (error) {
      box.replaceChildren(make("p", { class: "bad", text: error.status ? JSON.parse(error.message).error ?? NOTHING : "No answer." }));
    }
  }

  /** Bring every row that is open up to date. */
  async refresh() {
    for (const kind of KINDS) {
      for (const key of this.tables[kind].opened.keys()) {
        const { item } = this.tables[kind].rows.get(key);
        await this.open(kind, item, this.tables[kind].boxOf(key));
      }
    }
  }
}
