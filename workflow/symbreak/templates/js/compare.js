// Two settings side by side: what differs is marked, figures share their scales.

function comparePage(places, found) {
  const [i, j] = places;
  const labels = places.map((place, n) => () => element("p", { class: "side-label" },
    element("b", {}, n ? "B" : "A"), differing(place, places[1 - n]) || shortLabel(place)));
  const scales = sharedScales(found);
  const sides = places.map((place, n) => found[n] && drawings(place, found[n], scales));
  return [
    i === j ? "A setting beside itself" : `Side by side: ${changeText(i, j)}`,
    toolbar(
      button("Swap", () => state.set({ setting: grid.id(j), beside: grid.id(i) }), { id: "swap" }),
      button("Show A alone", () => state.set({ beside: "" }), { id: "alone" })),
    element("p", { class: "lead", role: "status" }, whatBecame(i, j)),
    element("div", { class: "beside" }, ...places.map((place, n) => element("section",
      { "aria-label": n ? "Setting B" : "Setting A" }, labels[n](),
      settingHead(place, n ? "beside" : "setting")))),
    differenceTable(i, j),
    ...(sides.every(Boolean) ? [figures(sides, labels)] : [missingNote(places.find((_, n) => !found[n]))]),
    element("div", { class: "beside" }, ...places.map((place, n) =>
      rerunSection(place, found[n], places[1 - n]))),
  ];
}

// The labels of a setting that another one does not have.
function differing(i, j) {
  const labels = grid.labels(i);
  return changedFactors(grid.values(i), grid.values(j)).map((k) => labels[k]).join(", ");
}

// What was changed and what became of it, in one sentence.
function whatBecame(i, j) {
  const [a, b] = [i, j].map((place) => grid.column("verdict")[place]);
  if (i === j) return "Both sides show the same setting: choose another value in B.";
  const start = `With ${changeText(i, j)}`;
  if (a === null || b === null) return `${start} there is nothing to compare: a result is missing.`;
  if (a === b) return `${start} the verdict stays ${a}: ${shareText(i)}, then ${shareText(j)}.`;
  return `${start} the verdict goes from ${a} to ${b}: ${shareText(i)}, then ${shareText(j)}.`;
}

const COMPARED = [
  ["shares", "networks"], ["predicted_shares", "predicted"],
  ["rule", "rule"], ["distinct_min", "distinct neurons, least"],
  ["distinct_max", "distinct neurons, most"], ["max_distance_median", "farthest pair, median"],
  ["loss_median", "test loss, median"], ["accuracy_median", "accuracy, median"],
  ["neglected_mean", "properties neglected, mean"],
];

// Rows that differ are marked by weight and a sign, not by colour alone.
function differenceTable(i, j) {
  const [from, to] = [i, j].map((place) => grid.labels(place));
  const factors = changedFactors(grid.values(i), grid.values(j))
    .map((k) => [grid.factors[k].label, from[k], to[k]]);
  const numbers = COMPARED.map(([name, label]) => [label, ...[i, j].map((place) =>
    cellText(grid.column(name)[place]))]);
  const row = ([label, a, b]) => element("tr", { class: a === b ? false : "differs" },
    element("th", { scope: "row" }, label), element("td", {}, a),
    element("td", {}, a === b ? "same" : b));
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Differences" },
    element("table", { class: "plain differences" },
      element("caption", {}, element("span", {}, "What differs is in bold.")),
      element("thead", {}, element("tr", {}, element("td"),
        ...["A", "B"].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...factors.map(row), ...numbers.map(row))));
}

function cellText(value) {
  if (value === null) return "–";
  return typeof value === "number" ? numberText(value, 4) : String(value);
}
