// The figures of a setting's page, each with its sentence and the numbers behind it.
// `shared` holds the scales that two settings side by side have in common.

function sharedScales(pages) {
  const known = pages.filter(Boolean);
  const paths = known.map((found) => found.paths.points).filter((points) => points.length);
  return {
    range: distanceRange(known.map((found) => found.distance)),
    half: Math.max(0, ...paths.map((points) => extentOf(points)[2])),
    weights: largestOf(...known.flatMap((found) => [found.weights.before, found.weights.after])),
    activations: largestOf(...known.map((found) => found.activations)),
  };
}

// What a page draws, in order: {name, node, follow}; `follow` moves a figure with the replay.
function drawings(i, found, shared) {
  const verdict = grid.column("verdict")[i];
  const drawn = [
    distanceFigure(found, verdict, shared), pathsFigure(found, verdict, shared),
    weightsFigure(found, shared), activationsFigure(found, shared), learnedFigure(found),
  ];
  // What is saved has the name of its setting and figure.
  for (const { node } of drawn) {
    node.dataset.name = `${shortLabel(i)} ${node.querySelector("h4").textContent}`.toLowerCase();
  }
  return drawn;
}

// A figure: its title, what is drawn, the sentence of its numbers, and the numbers.
function figureOf(title, sentence, drawn = [], numbers = "") {
  return element("figure", {}, element("h4", {}, title), ...drawn,
    element("figcaption", {}, element("p", {}, sentence), numbers));
}

// Distances come in 8 bits: by how many percent they may be off at most.
function distanceError(found) {
  return Number((100 * found.distanceError).toPrecision(2));
}

function distanceFigure(found, verdict, { range }) {
  const { distance, texts } = found;
  const drawn = distanceChart(distance, { steps: grid.steps, range, verdict, sentence: texts.distance });
  const reading = element("p", { class: "now" });
  const rows = grid.steps.map((step, n) => [step.toLocaleString("en"),
    ...["low", "median", "high"].map((end) => numberText(distance[end][n]))]);
  const about = (end, n) => numberText(distance[end][n], 2);
  const within = `(±${distanceError(found)} %)`;
  const node = figureOf("Distance of two neurons", texts.distance, [drawn, reading],
    numbersTable("Distance of two neurons over all pairs and networks, rounded as drawn",
      ["step", `least ${within}`, `median ${within}`, `most ${within}`], rows));
  const follow = (at) => {
    drawn.lastChild.replaceWith(distanceMarker(grid.steps, at));
    const n = Math.round(at);
    reading.textContent = distance.median[n] === null ? "No finite distance at this step."
      : `At this step about ${about("median", n)}, from ${about("low", n)} to ${about("high", n)}`;
  };
  return { node, follow };
}

function pathsFigure(found, verdict, { half }) {
  const { points, steps } = found.paths;
  if (!points.length) return { node: figureOf("Paths of the neurons", found.texts.paths) };
  const [x, y] = extentOf(points);
  const look = { extent: [x, y, half], verdict, sentence: found.texts.paths };
  const drawn = pathsChart(points, look);
  const spell = roundedBy(points.flat());
  const rows = points.flatMap((units, n) => units.map(([a, b], unit) =>
    [steps[n].toLocaleString("en"), unit + 1, spell(a), spell(b)]));
  const node = figureOf("Paths of the neurons", found.texts.paths, [drawn],
    numbersTable("Places of the neurons in the plane of their paths, rounded as drawn",
      ["step", "neuron", "first axis", "second axis"], rows));
  const kept = steps.map((step) => grid.steps.indexOf(step));
  const follow = (at) => drawn.lastChild.replaceWith(unitMarks(points, placeAmong(kept, at), look));
  return { node, follow };
}

// Where a place between checkpoints lies between those that were kept.
function placeAmong(kept, at) {
  const next = kept.findIndex((place) => place >= at);
  if (next <= 0) return next < 0 ? kept.length - 1 : 0;
  return next - (kept[next] - at) / (kept[next] - kept[next - 1]);
}

function unitNames(count) {
  return Array.from({ length: count }, (_, unit) => `neuron ${unit + 1}`);
}

function weightsFigure(found, { weights: largest }) {
  const { names, before, after } = found.weights;
  const rows = unitNames(before.length);
  const maps = [["before training", before], ["after training", after]].map(([when, values]) =>
    [when, heatMap(values, { rows, columns: names, largest, sentence: "" })]);
  const numbers = ["before", "after"].flatMap((when) => found.weights[when].map((row, unit) =>
    [`${rows[unit]}, ${when}`, ...row.map(roundedBy(found.weights[when]))]));
  return { node: figureOf("Weights before and after", found.texts.weights,
    [stacked(maps, found.texts.weights)],
    numbersTable("Weights of the neurons before and after training, rounded as drawn", ["neuron", ...names], numbers)) };
}

function activationsFigure(found, { activations: largest }) {
  const values = found.activations;
  if (!values.length) return { node: figureOf("Activations", found.texts.activations) };
  const rows = unitNames(values.length);
  return { node: figureOf("Activations after training", found.texts.activations,
    [heatMap(values, { rows, largest, sentence: found.texts.activations, unit: "row" }),
      element("p", { class: "now" }, "least output → largest output")],
    numbersTable("Activations of the neurons, rounded as drawn", ["neuron", ...values[0].map((_, b) => `row ${b + 1}`)],
      values.map((row, unit) => [rows[unit], ...row.map(roundedBy(values))]))) };
}

function learnedFigure(found) {
  const { learned, texts } = found;
  const known = grid.properties.length && learned.shares.some((share) => share !== null);
  if (!known) return { node: figureOf("Properties learned and neglected", texts.learned) };
  const rows = grid.properties.map((name, k) => element("tr", {},
    element("th", { scope: "row" }, name),
    element("td", {}, shareBar(learned.shares[k]), ` ${Math.round(100 * learned.shares[k])} %`),
    element("td", {}, learned.units[k] ? `neuron ${learned.units[k]}` : "none")));
  const head = ["property", "learned by", `in replicate ${found.replicate}`];
  return { node: element("div", { class: "learned" },
    element("h4", {}, "Properties learned and neglected"),
    element("table", { class: "plain" },
      element("thead", {}, element("tr", {}, ...head.map((name) =>
        element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...rows)),
    element("p", { class: "note" }, texts.learned)) };
}

function shareBar(share) {
  return shape("svg", { viewBox: "0 0 60 8", width: 60, height: 8, "aria-hidden": "true" },
    shape("rect", { class: "track", width: 60, height: 8, rx: 4 }),
    shape("rect", { class: "learned-share", width: 60 * share, height: 8, rx: 4 }));
}
