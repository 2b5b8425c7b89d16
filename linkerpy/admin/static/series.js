// A router's last minutes, as the server noted them second by second.

export const SHOWN = 300; // seconds
const RATE = 5;
const SUCCESS = 60;

/** The points of one router. Each is an object of the columns that the server named. */
export class Series {
  constructor() {
    this.points = [];
  }

  /** Add newer points. If a count fell, it was another process, and the past tells nothing. */
  add(columns, rows) {
    for (const row of rows) {
      const point = Object.fromEntries(columns.map((name, index) => [name, row[index]]));
      if (this.points.length && point.requests < this.last.requests) this.points = [];
      this.points.push(point);
    }
    while (this.points.length > SHOWN + 1) this.points.shift();
  }

  get last() {
    return this.points.at(-1);
  }

  /** How much a count grew in the last `seconds`, and in how many of them. */
  growth(name, seconds) {
    if (this.points.length < 2) return [0, 0];
    const after = this.last.at - seconds - 0.5; // points are about a second apart
    const first = this.points.slice(0, -1).find(({ at }) => at >= after) ?? this.points.at(-2);
    return [this.last[name] - first[name], this.last.at - first.at];
  }

  /** Per second, over the last seconds; NaN until there are two points. */
  rate(name) {
    const [grown, seconds] = this.growth(name, RATE);
    return seconds > 0 ? grown / seconds : NaN;
  }

  /** Successes and failures of the last minute. */
  outcome() {
    return [this.growth("success", SUCCESS)[0], this.growth("failures", SUCCESS)[0]];
  }

  /** Times of the points, all but the first one. */
  times() {
    return this.points.slice(1).map(({ at }) => at);
  }

  /** The rate between each two points. */
  rates(name) {
    return this.points.slice(1).map((point, index) => {
      const before = this.points[index];
      return (point[name] - before[name]) / (point.at - before.at);
    });
  }

  /** A figure at each point but the first. */
  values(name) {
    return this.points.slice(1).map((point) => point[name]);
  }
}
