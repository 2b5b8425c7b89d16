// A line of requests per second over the last minutes, failures in red on the same scale.
import { make, say } from "./dom.js";
import { rate } from "./format.js";
import { KEPT } from "./history.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;
const TIMES = ["3 min ago", "2 min", "1 min", "now"];

/** The next number whose half is round too: 1, 2, 4, 6, 8, 10, 20 … */
export function ceiling(value) {
  if (!(value > 1)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 6, 8, 10].find((step) => step * power >= value);
}

/** The path of points, [[seconds ago, value], …]; closed along the bottom with `area`. */
function path(points, top, area) {
  if (!points.length) return "";
  const spot = ([ago, value]) => `${(KEPT - ago).toFixed(2)},${(HEIGHT * (1 - value / top)).toFixed(2)}`;
  const line = `M${points.map(spot).join("L")}`;
  return area ? `${line}L${(KEPT - points.at(-1)[0]).toFixed(2)},${HEIGHT}L${(KEPT - points[0][0]).toFixed(2)},${HEIGHT}Z` : line;
}

export class Chart {
  constructor(label) {
    this.label = label;
    this.points = [];
    this.failed = new Map();
    this.paths = Object.fromEntries(["area", "line", "failures"].map((name) => {
      const element = document.createElementNS(SVG, "path");
      element.setAttribute("class", name);
      return [name, element];
    }));
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.setAttribute("viewBox", `0 0 ${KEPT} ${HEIGHT}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.append(...Object.values(this.paths));
    this.top = make("span", { class: "y upper" });
    this.middle = make("span", { class: "y middle" });
    this.bottom = make("span", { class: "y bottom", text: "0" });
    this.tip = make("span", { class: "tip", hidden: true });
    this.cursor = make("span", { class: "cursor", hidden: true });
    const key = make("p", { class: "key", "aria-hidden": "true" },
      make("span", { class: "requests", text: "Requests/s" }), make("span", { class: "failed", text: "Failures/s" }));
    const plot = make("div", { class: "plot", onpointermove: (event) => this.point(event), onpointerleave: () => this.leave() },
      this.svg, this.top, this.middle, this.bottom, this.cursor, this.tip);
    this.element = make("figure", { class: "chart", role: "img" }, key, plot,
      make("figcaption", { "aria-hidden": "true" }, ...TIMES.map((text) => make("span", { text }))));
  }

  /** Draw requests and failures per second: [[seconds ago, per second], …] each. */
  update(requests, failures) {
    this.points = requests;
    this.failed = new Map(failures);
    const top = ceiling(Math.max(0, ...requests.map(([, value]) => value)));
    this.paths.area.setAttribute("d", path(requests, top, true));
    this.paths.line.setAttribute("d", path(requests, top, false));
    const failed = failures.some(([, value]) => value > 0) ? failures : [];
    this.paths.failures.setAttribute("d", path(failed, top, true));
    say(this.top, `${rate(top)}/s`);
    say(this.middle, `${rate(top / 2)}/s`);
    this.element.setAttribute("aria-label", `${this.label}: ${rate(requests.at(-1)?.[1] ?? 0)} per second now, ${rate(failures.at(-1)?.[1] ?? 0)} of them failures`);
    if (!this.tip.hidden) this.show();
  }

  point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.at = (event.clientX - box.left) / box.width;
    this.show();
  }

  show() {
    const ago = KEPT * (1 - this.at);
    const nearest = this.points.reduce((best, point) =>
      (!best || Math.abs(point[0] - ago) < Math.abs(best[0] - ago) ? point : best), undefined);
    this.tip.hidden = this.cursor.hidden = !nearest;
    if (!nearest) return;
    const x = 100 * (1 - nearest[0] / KEPT);
    say(this.tip, `${rate(nearest[1])}/s, ${rate(this.failed.get(nearest[0]) ?? 0)}/s failed, ${Math.round(nearest[0])} s ago`);
    this.cursor.style.left = `${x}%`;
    this.tip.style.left = `${x}%`;
    this.tip.classList.toggle("left", x > 60);
  }

  leave() {
    this.tip.hidden = this.cursor.hidden = true;
  }
}
