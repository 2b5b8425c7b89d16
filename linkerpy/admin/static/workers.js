// The table of workers, where several processes do the work.
import { make, say } from "./dom.js";
import { bytes, count, rate } from "./format.js";
import { ask } from "./poll.js";
import { Table } from "./table.js";

const STATES = { serving: "good", draining: "poor", starting: "poor", down: "bad" };

function nameCell(th, { worker, pid }) {
  if (!th.firstChild) th.append(make("a"), " ", make("small", { class: "quiet" }));
  const [link, process] = th.children;
  link.href = `admin/metrics.json?pretty=1&live=1&worker=${worker}`;
  link.title = "the metrics of this worker alone";
  say(link, `Worker ${worker}`);
  say(process, pid ? `process ${pid}` : "no process");
}

function stateCell(td, { state, since }) {
  say(td, state);
  td.className = STATES[state] ?? "";
  td.title = `since ${new Date(since * 1000).toLocaleString("en-GB")}`;
}

function restartsCell(td, { restarts, last_end: end }) {
  say(td, count(restarts));
  td.title = end ? `the last one: ${end}` : "";
}

/** Workers of a supervisor; `show` asks for them anew. */
export class Workers {
  constructor(section, history) {
    const number = (name, show, title) => ({ name, number: true, title, cell: (td, item) => say(td, show(item)) });
    this.section = section;
    this.history = history;
    this.table = new Table([
      { name: "Worker", cell: nameCell },
      { name: "State", cell: stateCell },
      number("Requests/s", ({ worker }) => rate(history.rate(`worker ${worker} requests`))),
      number("Requests", ({ requests }) => count(requests), "since the start, of all that had this number"),
      number("Connections", ({ connections }) => count(connections)),
      number("Memory", (item) => bytes(item.rss_bytes)),
      { name: "Restarts", number: true, cell: restartsCell },
    ], "Workers");
    section.replaceChildren(make("h2", { text: "Workers" }), this.table.element);
  }

  /** One round: what is told of them now. */
  async show() {
    const { workers } = await ask("admin/workers.json");
    for (const { worker, requests } of workers) this.history.note(`worker ${worker} requests`, requests);
    this.table.update(workers.map((item) => [item.worker, item]));
    this.section.hidden = false;
  }
}
