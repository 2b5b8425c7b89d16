// A small line without axes: which way a figure goes.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [120, 24];

/**
 * The path of values from the left to the right, the oldest first; 0 lies at the bottom. They are a
 * second apart unless there are times.
 */
export function path(values, kept = values.length, times = values.map((_, index) => index)) {
  const top = Math.max(...values, 0) || 1;
  const spot = (value, index) => {
    const x = Math.max(WIDTH * (1 - (times.at(-1) - times[index]) / Math.max(kept - 1, 1)), 0);
    return `${x.toFixed(1)},${(HEIGHT - 1 - (HEIGHT - 2) * (Math.max(value, 0) / top)).toFixed(1)}`;
  };
  return values.length > 1 ? `M${values.map(spot).join("L")}` : "";
}

/** Draw values into a cell, of which at most `kept` fill its width. */
export function spark(cell, values, kept, label, times) {
  if (!cell.firstChild) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    svg.append(document.createElementNS(SVG, "path"));
    cell.append(svg);
  }
  cell.firstChild.firstChild.setAttribute("d", path(values, kept, times));
}
