// The card of one router: its figures, its chart, and its tables.
import { Chart } from "./chart.js";
import { figure, make, say } from "./dom.js";
import { explainer } from "./explain.js";
import { NOTHING, count, latency, rate, success } from "./format.js";
import { CLIENT, HINT, counter, gauge, members, percentile, tables } from "./tables.js";

const COUNTERS = ["requests", "success", "failures", "connects"];
export class RouterCard {
  constructor(router, history) {
    this.router = router;
    this.history = history;
    this.prefix = `rt ${router.label}`;
    this.chart = new Chart(`Requests of ${router.label}`);
    const list = make("dl", { class: "figures" });
    this.figures = {
      rate: figure(list, "Requests/s"),
      requests: figure(list, "Requests", "since the start"),
      success: figure(list, "Success", "in the last minute"),
      p50: figure(list, "p50", HINT),
      p95: figure(list, "p95", HINT),
      p99: figure(list, "p99", HINT),
      pending: figure(list, "In flight"),
      retries: figure(list, "Retries/s"),
    };
    this.tables = tables(router.label, history);
    this.sections = Object.fromEntries(Object.entries(this.tables).map(([kind, table]) => [kind, this.section(kind, table)]));
    const where = router.servers.length ? `on ${router.servers.join(", ")}` : "";
    this.element = make("section", { class: "card", "aria-label": `Router ${router.label}` },
      make("header", {}, make("h2", { text: router.label }),
        make("span", { class: "chip", text: router.protocol }), make("span", { class: "quiet", text: where })),
      list, this.chart.element, ...Object.values(this.sections).map(({ element }) => element),
      this.dtab(), explainer(router));
  }

  /** The router's own dtab: what a request's name is looked up in. */
  dtab() {
    const { label, dtab } = this.router;
    const text = dtab ? make("pre", { class: "dtab", tabindex: "0", "aria-label": `Dtab of ${label}`, text: dtab })
      : make("p", { class: "quiet", text: "This router has no dtab of its own." });
    return make("details", { open: true }, make("summary", { text: "Dtab" }), text);
  }

  section(kind, table) {
    const number = make("span", { class: "quiet" });
    const title = `${kind[0].toUpperCase()}${kind.slice(1)}s`;
    const none = make("p", { class: "quiet", text: `No ${kind}s yet.` });
    const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title} of ${this.router.label}` }, table.element);
    return {
      number, none, scroll,
      element: make("details", { open: true }, make("summary", { text: `${title} ` }, number), none, scroll),
    };
  }

  /** Note the counters of this router, before anything is shown. */
  note(node) {
    const sums = { requests: 0, success: 0, failures: 0, retries: 0 };
    for (const kind of ["server", "service", "client"]) {
      for (const [name, member] of Object.entries(node[kind] ?? {})) {
        for (const what of COUNTERS) {
          if (member[what]?.counter === undefined) continue;
          this.history.note(`${this.prefix} ${kind} ${name} ${what}`, member[what].counter);
          if (kind === "server" && what in sums) sums[what] += member[what].counter;
        }
        sums.retries += counter(member, "retries", "total") + counter(member, "retries", "requeues");
      }
    }
    for (const [what, value] of Object.entries(sums)) this.history.note(`${this.prefix} ${what}`, value);
    this.sums = sums;
    this.pending = Object.values(node.server ?? {}).reduce((sum, server) => sum + gauge(server, "pending"), 0);
  }

  /** Show what was noted; `states` has the addresses behind each client. */
  show(node, states) {
    const { history, prefix, figures } = this;
    say(figures.rate, rate(history.rate(`${prefix} requests`)));
    say(figures.requests, count(this.sums.requests));
    const { text, judgement } = success(...history.outcome(prefix));
    say(figures.success, text);
    figures.success.className = judgement;
    this.latencies(Object.values(node.server ?? {}));
    say(figures.pending, count(this.pending));
    say(figures.retries, rate(history.rate(`${prefix} retries`)));
    this.chart.update(history.rates(`${prefix} requests`), history.rates(`${prefix} failures`));
    const shown = {
      server: members(node.server, history, `${prefix} server`),
      service: members(node.service, history, `${prefix} service`).map((item) => ({ ...item, shown: `/${item.name}` })),
      client: members(node.client, history, `${prefix} client`).filter(({ name }) => CLIENT.test(`/${name}`))
        .map((item) => ({ ...item, shown: `/${item.name}`, state: states[`/${item.name}`] })),
    };
    for (const [kind, items] of Object.entries(shown)) this.fill(kind, items);
  }

  /** Of several servers the slowest counts: percentiles do not add up. */
  latencies(servers) {
    for (const name of ["p50", "p95", "p99"]) {
      const values = servers.map((node) => percentile(name)({ node })).filter((value) => value !== undefined);
      say(this.figures[name], values.length ? latency(Math.max(...values)) : NOTHING);
    }
  }

  fill(kind, items) {
    const { number, none, scroll } = this.sections[kind];
    say(number, items.length ? String(items.length) : "");
    none.hidden = items.length > 0;
    scroll.hidden = !items.length;
    this.tables[kind].update(items.map((item) => [item.name, item]));
  }
}
