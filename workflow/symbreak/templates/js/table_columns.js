// The columns of the table of settings: what each shows of a setting, and is ordered by.

// Factors with several values; the others are said once, above the table. `place` of a setting is
// its value's: the grid is a product, so this needs no list of all places.
function variedFactors() {
  let stride = grid.size;
  return grid.factors.map((factor) => {
    const count = factor.values.length;
    const step = (stride /= count);
    return { ...factor, place: (i) => Math.floor(i / step) % count };
  }).filter((factor) => factor.values.length > 1);
}

// Each column: its name in the address, its heading, what it is sorted by, and its cells.
function tableColumns(verdict, theory) {
  const order = grid.words.map((word) => word.name);
  const answers = Object.keys(AGREEMENT);
  const factors = variedFactors().map((f) => ({
    name: f.name, label: f.label, key: f.place, cell: (i) => f.values[f.place(i)],
  }));
  return [
    { name: "verdict", label: "verdict", key: (i) => placeIn(order, verdict[i]),
      cell: (i) => settingLink(grid.id(i), verdictSign(verdict[i])) },
    ...factors,
    { name: "broken_fraction", label: "broken", right: true, cell: brokenCell,
      key: (i) => grid.column("broken_fraction")[i] },
    { name: "theory", label: "theory", key: (i) => placeIn(answers, theory[i]),
      cell: (i) => (verdict[i] === null ? "–" : AGREEMENT[theory[i]]) },
    { name: "predicted", label: "predicted networks", cell: textCell("predicted_shares"),
      key: (i) => grid.column("predicted_shares")[i] },
    { name: "rule", label: "rule", key: (i) => grid.column("rule")[i], cell: textCell("rule") },
    numberColumn("distinct_min", "distinct neurons", distinctCell),
    ...(grid.properties.length ? [numberColumn("neglected_mean", "neglected")] : []),
    numberColumn("loss_median", "test loss"),
    numberColumn("accuracy_median", "accuracy"),
  ];
}

function placeIn(order, value) {
  const place = order.indexOf(value);
  return place < 0 ? null : place;
}

function numberColumn(name, label, cell) {
  const key = (i) => grid.column(name)[i];
  return { name, label, key, right: true, cell: cell ?? ((i) => (key(i) === null ? "–" : numberText(key(i)))) };
}

function textCell(name) {
  return (i) => grid.column(name)[i] || "–";
}

function brokenCell(i) {
  const [share, low, high] = ["fraction", "low", "high"].map(
    (end) => grid.column(`broken_${end}`)[i]);
  if (share === null) return "–";
  const percent = (value) => Math.round(100 * value);
  const interval = ` (${percent(low)}–${percent(high)})`;
  return element("span", {}, `${percent(share)}\u00a0%`, element("span", { class: "muted" }, interval));
}

function distinctCell(i) {
  const [least, most] = [grid.column("distinct_min")[i], grid.column("distinct_max")[i]];
  if (least === null) return "–";
  return least === most ? String(least) : `${least}–${most}`;
}
