// The matrix of a model that the page does not hold, drawn from the index of settings.

function drawPanels(key, places) {
  const readout = document.querySelector("#matrix .readout");
  readout.before(element("div", { class: `panel drawn ${key}` }, element("div", {
    class: "scroll", role: "region", "aria-label": `Map of verdicts, ${modelName(places)}`,
  }, mapTable(places))));
  const worded = element("div", { class: `panel drawn worded ${key}` });
  grid.factors[2].values.forEach((_, bias) => worded.append(wordDetails(places, bias)));
  document.getElementById("words").after(worded);
}

function modelName(places) {
  return varied().map((factor, k) => factor.values[places[k]]).join(", ");
}

function mapTable(places) {
  const [inits, dropouts, biases] = grid.factors.map((factor) => factor.values);
  const table = element("table", { class: "map" });
  const caption = document.querySelector("#matrix .map caption");
  const edge = (d) => (d === 0 ? "first" : false);
  table.append(caption.cloneNode(true), element("thead", {},
    element("tr", {}, element("td"), ...biases.map((bias) => element("th",
      { scope: "colgroup", colspan: dropouts.length, class: "first" }, `bias ${bias}`))),
    element("tr", {}, element("td"), ...biases.flatMap(() => dropouts.map((dropout, d) =>
      element("th", { scope: "col", class: edge(d) }, element("span", {}, dropout)))))));
  table.append(element("tbody", {}, ...inits.map((init, row) => element("tr", {},
    element("th", { scope: "row" }, init),
    ...biases.flatMap((_, bias) => dropouts.map((_, dropout) =>
      mapCell(settingAt(row, dropout, bias, places), dropout === 0)))))));
  return table;
}

function mapCell(i, first) {
  const verdict = grid.column("verdict")[i];
  return element("td", { class: `${verdict ?? "missing"}${first ? " first" : ""}` },
    symbolOf(verdict));
}

function wordDetails(places, bias) {
  const [inits, dropouts, biases] = grid.factors.map((factor) => factor.values);
  const label = `Verdicts with bias ${biases[bias]}, ${modelName(places)}`;
  return element("details", {},
    element("summary", {}, `Words, shares and intervals with bias ${biases[bias]}`),
    element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label },
      element("table", { class: "words" },
        element("thead", {}, element("tr", {}, element("td"),
          ...dropouts.map((dropout) => element("th", { scope: "col" }, dropout)))),
        element("tbody", {}, ...inits.map((init, row) => element("tr", {},
          element("th", { scope: "row" }, init),
          ...dropouts.map((_, dropout) => wordCell(settingAt(row, dropout, bias, places)))))))));
}

function wordCell(i) {
  const verdict = grid.column("verdict")[i];
  const small = element("small");
  if (verdict === null) small.append("no result");
  else {
    const [share, low, high] = ["broken_fraction", "broken_low", "broken_high"]
      .map((name) => Math.round(100 * grid.column(name)[i]));
    small.append(`${share} % (${low}–${high})`);
    if (verdict === "mixed") small.append(element("br"), grid.column("shares")[i]);
  }
  return element("td", {}, element("b", { class: verdict ?? "missing" }, symbolOf(verdict)),
    verdict ?? "missing", small);
}
