// A chart of the last minutes, drawn by uPlot; what its lines are at the cursor, or now, stands above.
import { make, say } from "./dom.js";
import { SHOWN } from "./series.js";

const HEIGHT = 150;
const FEWEST = 60; // seconds that are always shown
const dark = matchMedia("(prefers-color-scheme: dark)");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const at = (values, index) => (index === null || index === undefined ? values.at(-1) : values[index]);

/** The next number whose half is round too: 1, 2, 4, 6, 8, 10, 20 …, or so of the next unit. */
export function ceiling(value, unit = 1) {
  if (!(value > 1)) return 1;
  if (unit > 1 && value > unit) return unit * ceiling(value / unit, unit);
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 4, 6, 8, 10].find((step) => step * power >= value);
}

/**
 * A line is {name, colour, fill?}: its colours are names of the style sheet. `show` writes a value;
 * `unit` is what a thousand of them is, if that is another unit.
 */
export class Chart {
  constructor(title, lines, show, unit = 1) {
    this.title = title;
    this.lines = lines;
    this.show = show;
    this.unit = unit;
    this.span = FEWEST;
    this.data = [[], ...lines.map(() => [])];
    this.values = lines.map(() => make("b", { text: "–" }));
    this.when = make("span", { class: "when" });
    const keys = lines.map((line, index) => make("span", { class: `key ${line.colour}` }, `${line.name} `, this.values[index]));
    this.plot = make("div", { class: "plot" });
    this.element = make("figure", { class: "chart", role: "img" },
      make("figcaption", { "aria-hidden": "true" }, make("span", { class: "title", text: title }), ...keys, this.when), this.plot);
    dark.addEventListener("change", () => this.build());
    new ResizeObserver(() => this.resize()).observe(this.plot);
  }

  build() {
    this.drawn?.destroy();
    const [quiet, edge] = [colour("quiet"), colour("edge")];
    const axis = { stroke: quiet, font: "11px system-ui, sans-serif", ticks: { show: false }, grid: { stroke: edge, width: 1 } };
    this.drawn = new uPlot({
      width: this.plot.clientWidth, height: HEIGHT, legend: { show: false }, padding: [8, 18, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false, range: () => [this.now - this.span, this.now] }, y: { range: (_, __, top) => [0, ceiling(top, this.unit)] } },
      axes: [
        { ...axis, size: 24, splits: () => this.ticks(), values: (_, times) => times.map((time) => this.ago(time)) },
        { ...axis, size: 58, gap: 4, splits: (_, __, low, high) => [low, high / 2, high], values: (_, values) => values.map((value) => (value ? this.show(value) : "0")) },
      ],
      series: [{}, ...this.lines.map((line) => ({
        stroke: colour(line.colour), width: 1.75, fill: line.fill && colour(line.fill), points: { show: false },
      }))],
      hooks: { setCursor: [({ cursor }) => this.tell(cursor.idx)] },
    }, this.data, this.plot);
  }

  /** Moments along the bottom: every minute, or every quarter of one while little is shown. */
  ticks() {
    const step = this.span > 2 * FEWEST ? FEWEST : FEWEST / 4;
    return Array.from({ length: Math.floor(this.span / step) }, (_, index) => this.now - index * step).reverse();
  }

  ago(time) {
    const seconds = Math.round(this.now - time);
    if (!seconds) return "now";
    return seconds % 60 ? `−${seconds} s` : `−${seconds / 60} min`;
  }

  resize() {
    if (this.drawn && this.plot.clientWidth) this.drawn.setSize({ width: this.plot.clientWidth, height: HEIGHT });
  }

  /** Draw up to `now`: the times, and the values of each line; null is a gap. */
  update(now, times, ...values) {
    this.now = now;
    // As long as there is little to show, it has the room; then the window grows by whole minutes.
    this.span = Math.min(SHOWN, FEWEST * Math.max(1, Math.ceil((now - (times[0] ?? now)) / FEWEST)));
    this.data = [times, ...values];
    if (this.drawn) this.drawn.setData(this.data);
    else if (this.plot.clientWidth) this.build();
    this.tell(this.drawn?.cursor.idx);
    const told = this.lines.map(({ name }, index) => `${name} ${this.written(values[index].at(-1))}`);
    this.element.setAttribute("aria-label", `${this.title}, now: ${told.join(", ")}`);
  }

  written(value) {
    return value === null || value === undefined ? "–" : this.show(value);
  }

  /** Write what the lines are at a point, or now. */
  tell(index) {
    this.lines.forEach((_, line) => say(this.values[line], this.written(at(this.data[line + 1], index))));
    const hovered = index !== null && index !== undefined;
    say(this.when, hovered ? `${Math.round(this.now - this.data[0][index])} s ago` : "");
  }
}
