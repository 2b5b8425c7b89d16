// What the counters of members said at which time, and the rates that follow.

export const KEPT = 60; // seconds
const RATE = 5;

/** The readings of counters by name. Times are the server's own: a late reply makes no spike. */
export class History {
  constructor() {
    this.series = new Map();
    this.now = 0;
    this.before = 0;
  }

  /** Begin a round of readings, at `now` seconds of the server's clock. */
  begin(now) {
    if (now < this.now) this.clear();
    if (now !== this.now) this.before = this.now;
    this.now = now;
    for (const [name, points] of this.series) {
      if (points.at(-1)[0] < now - KEPT) this.series.delete(name);
    }
  }

  /** Forget everything: it was another process. */
  clear() {
    this.series.clear();
    this.now = this.before = 0;
  }

  /**
   * Note a counter. One that fell was removed and made anew, so its past tells nothing. With `all`,
   * every one there is is noted in each round: one that is new was nothing the round before.
   */
  note(name, value, all = false) {
    let points = this.series.get(name);
    if (!points) this.series.set(name, (points = all && this.before ? [[this.before, 0]] : []));
    else if (value < points.at(-1)[1]) this.series.set(name, (points = []));
    if (points.at(-1)?.[0] === this.now) return;
    points.push([this.now, value]);
    while (points.length > 2 && points[1][0] <= this.now - KEPT) points.shift();
  }

  /** Begin with readings of before the page was opened: [[time, value], …], the oldest first. */
  seed(name, points) {
    this.series.set(name, points);
  }

  /** When it was read, each time but the first. */
  times(name) {
    return (this.series.get(name) ?? []).slice(1).map(([time]) => time);
  }

  /** How much a counter grew in the last `seconds`, and in how many of them it was seen. */
  growth(name, seconds) {
    const points = this.series.get(name);
    if (!points || points.length < 2) return [0, 0];
    let first = points.length - 1;
    while (first > 0 && points[first][0] > this.now - seconds) first -= 1;
    const [[began, from], [ended, to]] = [points[first], points.at(-1)];
    return [to - from, ended - began];
  }

  /** Per second, over the last seconds; NaN until there are two readings. */
  rate(name) {
    const [grown, seconds] = this.growth(name, RATE);
    return seconds > 0 ? grown / seconds : NaN;
  }

  /** How much it grew in the last minute, or since it was first seen. */
  lately(name) {
    return this.growth(name, KEPT)[0];
  }

  /** The rate between each two readings. */
  rates(name) {
    const points = this.series.get(name) ?? [];
    return points.slice(1).map(([time, value], index) => (value - points[index][1]) / (time - points[index][0]));
  }
}
