// What the counters said at which time, and the rates that follow.

export const KEPT = 180; // seconds
const RATE = 5;
const SUCCESS = 60;

/** The readings of counters by name. Times are the server's own: a late reply makes no spike. */
export class History {
  constructor() {
    this.series = new Map();
    this.now = 0;
  }

  /** Begin a round of readings, at `now` seconds of the process's uptime. */
  begin(now) {
    if (now < this.now) this.series.clear(); // another process
    this.now = now;
    for (const [name, points] of this.series) {
      if (points.at(-1)[0] < now - KEPT) this.series.delete(name);
    }
  }

  /** Note a counter. One that fell was removed and made anew, so its past tells nothing. */
  note(name, value) {
    let points = this.series.get(name);
    if (!points || value < points.at(-1)[1]) this.series.set(name, (points = []));
    points.push([this.now, value]);
    while (points.length > 2 && points[1][0] <= this.now - KEPT) points.shift();
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

  /** How often a scope succeeded and failed in the last minute. */
  outcome(scope) {
    return [this.growth(`${scope} success`, SUCCESS)[0], this.growth(`${scope} failures`, SUCCESS)[0]];
  }

  /** The rate between each two readings: [[seconds ago, per second], …], the oldest first. */
  rates(name) {
    const points = this.series.get(name) ?? [];
    return points.slice(1).map(([time, value], index) => {
      const [before, from] = points[index];
      return [this.now - time, (value - from) / (time - before)];
    }).filter(([, perSecond]) => Number.isFinite(perSecond));
  }
}
