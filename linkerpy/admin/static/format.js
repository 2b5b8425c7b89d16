// Numbers as people read them.

export const NOTHING = "–";

/** 1234567 → "1,234,567"; what is not a number → "–". */
export function count(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : NOTHING;
}

/** How many are available of how many, as a judgement. */
export function health(available, size) {
  return available === 0 ? "bad" : available < size ? "poor" : "good";
}

/** A rate: one decimal while small. */
export function rate(value) {
  if (!Number.isFinite(value)) return NOTHING;
  if (value > 0 && value < 10) return value.toFixed(value < 0.1 ? 2 : 1);
  return count(value);
}

/** Milliseconds as a latency: "12 ms", "1.25 s". */
export function latency(ms) {
  if (!Number.isFinite(ms)) return NOTHING;
  if (ms < 1) return "<1 ms"; // samples are whole milliseconds, cut off
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

/** Bytes, in steps of 1024: "1.0KB". */
export function bytes(value) {
  if (!Number.isFinite(value) || value < 0) return NOTHING;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return unit ? `${value.toFixed(1)}${units[unit]}` : `${Math.round(value)}B`;
}

const UNITS = [["y", 365.242 * 86400], ["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];

/** Milliseconds as a time span, its three largest units: "2d 2h 0m". */
export function span(ms) {
  if (!Number.isFinite(ms)) return NOTHING;
  let rest = Math.floor(ms / 1000);
  const first = UNITS.findIndex(([unit, seconds]) => rest >= seconds || unit === "s");
  return UNITS.slice(first, first + 3).map(([unit, seconds]) => {
    const whole = Math.floor(rest / seconds);
    rest -= whole * seconds;
    return `${whole}${unit}`;
  }).join(" ");
}

/** A success rate with its judgement; nothing was asked: "N/A". */
export function success(succeeded, failed) {
  const all = succeeded + failed;
  if (!(all > 0)) return { text: "N/A", judgement: "" };
  const percent = (100 * succeeded) / all;
  // Only what is perfect may round to it.
  const shown = failed > 0 ? Math.min(percent, 99.99) : percent;
  return { text: `${shown.toFixed(2)}%`, judgement: percent < 90 ? "bad" : percent < 99 ? "poor" : "good" };
}
