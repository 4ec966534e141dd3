// Figures as SVG nodes. Each takes data and returns a node that says its numbers in a sentence;
// none knows the page. Sizes are in CSS pixels, small enough for a telephone.

const CHART = { width: 344, height: 232, left: 44, right: 20, top: 12, bottom: 36 };

function picture(width, height, sentence, ...children) {
  return shape("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": sentence,
    class: "chart",
  }, ...children);
}

function svgText(x, y, label, attributes = {}) {
  return shape("text", { x, y, ...attributes }, label);
}

function polyline(points, className) {
  return shape("path", {
    class: className, fill: "none",
    d: points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join(""),
  });
}

// Steps grow by factors, and 0 has its place: log(1 + step).
function stepScale(steps) {
  const last = Math.log1p(steps.at(-1)) || 1;
  const width = CHART.width - CHART.left - CHART.right;
  return (step) => CHART.left + (width * Math.log1p(step)) / last;
}

// The decades of all distances above zero, shared by figures that stand beside each other.
function distanceRange(curves) {
  const values = curves.flatMap((c) => [...c.low, ...c.median, ...c.high])
    .filter((value) => value > 0);
  if (!values.length) return [-1, 0];
  const low = Math.floor(Math.log10(Math.min(...values)));
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))];
}

// Powers of ten above a gap; an exact zero has a line of its own below the gap.
function distanceScale([low, high]) {
  const zero = CHART.height - CHART.bottom;
  const floor = zero - 24;
  return (value) => {
    if (value <= 0) return zero;
    return floor - ((floor - CHART.top) * (Math.log10(value) - low)) / (high - low);
  };
}

function decade(power) {
  if (Math.abs(power) < 4) return String(Number(`1e${power}`));
  return `10${String(power).replace(/./g, (d) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(d)])}`;
}

function distanceAxes(steps, range, x, y) {
  const [low, high] = range;
  const right = CHART.width - CHART.right;
  const axes = shape("g", { class: "axes" });
  const every = Math.max(1, Math.ceil((high - low) / 5));
  for (let power = high; power >= low; power -= every) {
    axes.append(shape("path", { class: "rule", d: `M${CHART.left} ${y(10 ** power)}H${right}` }),
      svgText(CHART.left - 6, y(10 ** power) + 4, decade(power), { "text-anchor": "end" }));
  }
  axes.append(shape("path", { class: "zero", d: `M${CHART.left} ${y(0)}H${right}` }),
    svgText(CHART.left - 6, y(0) + 4, "0", { "text-anchor": "end" }),
    svgText(right, CHART.height - 4, "training step", { "text-anchor": "end" }));
  for (const step of steps) {
    axes.append(shape("path", { class: "tick", d: `M${x(step).toFixed(1)} ${y(0)}v4` }));
  }
  const shown = [0, 1, 10, 100, 1000, 10000, 100000].filter((step) => step <= steps.at(-1));
  for (const step of shown) {
    axes.append(svgText(x(step), y(0) + 17, step.toLocaleString("en"), { "text-anchor": "middle" }));
  }
  return axes;
}

// The distance of two neurons over training: the median of all pairs, and their whole range.
function distanceChart(curve, { steps, range, verdict, sentence }) {
  const [x, y] = [stepScale(steps), distanceScale(range)];
  const at = (values, n) => [x(steps[n]), y(values[n])];
  const known = steps.map((_, n) => n).filter((n) => curve.median[n] !== null);
  const up = known.map((n) => at(curve.high, n));
  const down = known.map((n) => at(curve.low, n)).reverse();
  const dots = known.map((n) => {
    const [cx, cy] = at(curve.median, n);
    return shape("circle", { cx, cy, r: 2.5 },
      shape("title", {}, `step ${steps[n]}: ${numberText(curve.median[n])} ` +
        `(${numberText(curve.low[n])} to ${numberText(curve.high[n])})`));
  });
  return picture(CHART.width, CHART.height, sentence,
    distanceAxes(steps, range, x, y),
    shape("g", { class: `series ${verdict}` },
      shape("path", { class: "band", d: `${pathOf([...up, ...down])}Z` }),
      polyline(known.map((n) => at(curve.median, n)), "line"), ...dots),
    shape("g", { class: "marker" }));
}

function pathOf(points) {
  return points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// The upright line of the replay, between checkpoints as `at` is.
function distanceMarker(steps, at) {
  const x = stepScale(steps);
  const n = Math.min(Math.floor(at), steps.length - 1);
  const next = Math.min(n + 1, steps.length - 1);
  const place = x(steps[n]) + (at - n) * (x(steps[next]) - x(steps[n]));
  return shape("g", { class: "marker" },
    shape("path", { d: `M${place.toFixed(1)} ${CHART.top}V${CHART.height - CHART.bottom}` }));
}

// The centre and half the side of a square around paths: [x, y, half].
function extentOf(points) {
  const all = points.flat();
  const middle = [0, 1].map((k) => {
    const values = all.map((point) => point[k]);
    return [Math.min(...values), Math.max(...values)];
  });
  const half = Math.max(...middle.map(([low, high]) => (high - low) / 2)) || 1;
  return [...middle.map(([low, high]) => (low + high) / 2), half];
}

function planeScale([x, y, half]) {
  const [cx, cy] = [CHART.width / 2, (CHART.height - 8) / 2];
  const scale = (cy - 22) / half;
  return ([a, b]) => [cx + (a - x) * scale, cy - (b - y) * scale];
}

// The units' paths through weight space, faint; the replay draws the units over them.
function pathsChart(points, { extent, verdict, sentence }) {
  const place = planeScale(extent);
  const units = points[0].map((_, unit) => points.map((one) => place(one[unit])));
  return picture(CHART.width, CHART.height, sentence,
    shape("path", { class: "frame", d: `M4 ${CHART.height - 20}v16h16` }),
    svgText(26, CHART.height - 4, "first two principal axes"),
    shape("g", { class: `series ${verdict}` },
      ...units.map((path) => polyline(path, "ghost")),
      ...units.map(([[cx, cy]]) => shape("circle", { class: "start", cx, cy, r: 3 }))),
    shape("g", { class: "units" }));
}

// The units at a point of the replay with the way behind them; units in one place share a mark.
function unitMarks(points, at, { extent, verdict }) {
  const place = planeScale(extent);
  const now = Math.min(at, points.length - 1);
  const n = Math.floor(now);
  const next = points[Math.min(n + 1, points.length - 1)];
  const ends = points[n].map((from, unit) =>
    place(from.map((value, k) => value + (now - n) * (next[unit][k] - value))));
  const trails = ends.map((end, unit) =>
    [...points.slice(0, n + 1).map((one) => place(one[unit])), end]);
  return shape("g", { class: `units series ${verdict}` },
    ...trails.map((path) => polyline(path, "line")),
    ...ends.map(([cx, cy]) => shape("circle", { class: "unit", cx, cy, r: 5 })),
    ...near(ends).map((units) => unitName(ends[units[0] - 1], units)));
}

const CLOSE = 15; // pixels within which units share one label

// The numbers of units, those that are close to the first of a group together.
function near(ends) {
  const groups = [];
  ends.forEach(([x, y], unit) => {
    const group = groups.find(([first]) =>
      Math.hypot(ends[first - 1][0] - x, ends[first - 1][1] - y) < CLOSE);
    if (group) group.push(unit + 1);
    else groups.push([unit + 1]);
  });
  return groups;
}

function unitName([x, y], units) {
  const right = x < CHART.width - 60;
  return svgText(x + (right ? 8 : -8), y - 7, spans(units),
    { class: "unit-name", "paint-order": "stroke", "text-anchor": right ? "start" : "end" });
}

// Numbers as a reader writes them: 1–3, 5.
function spans(numbers) {
  const parts = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([a, b]) => (a === b ? a : b === a + 1 ? `${a}, ${b}` : `${a}–${b}`)).join(", ");
}
