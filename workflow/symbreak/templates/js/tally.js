// What the tally of a class looks like.

const WORST = 20; // cells that are shown; the file has all

function showClass(found) {
  const { readers, bad, without } = found;
  say("class-summary", summaryOf(found));
  document.getElementById("class-bad").replaceChildren(...bad.map(badLine), ...plainLines(without));
  const tally = document.querySelector(".class-tally");
  tally.hidden = !readers.length;
  if (!readers.length) return tally.replaceChildren();
  const cells = cellsOf(readers);
  return tally.replaceChildren(readersTable(readers), ...worstTable(cells), element("p",
    { class: "found" },
    fileButton("Save the readers as CSV", `${grid.experiment}-readers.csv`, "text/csv",
      () => readersCsv(readers)),
    fileButton("Save the cells as CSV", `${grid.experiment}-cells.csv`, "text/csv",
      () => cellsCsv(cells))));
}

function summaryOf({ readers, bad, without }) {
  if (!readers.length && !bad.length && !without.length) return "";
  const total = totals(readers);
  const right = total.made ? `: ${total.hits[0]} right (${percentOf(total.hits[0], total.made)})` : "";
  const lost = bad.length ? ` ${countText(bad.length, "link")} not counted.` : "";
  return `${countText(readers.length, "reader")}, ${countOf(total.made)}${right}.${lost}`;
}

function badLine({ line, text, reason }) {
  const start = text.trim().slice(0, 48);
  return element("li", {}, `Line ${line} is not counted: ${reason}. `, element("code", {}, `${start}…`));
}

// Lines of a chat between the links are no error, but are not dropped in silence either.
function plainLines(without) {
  if (!without.length) return [];
  const lines = without.map(({ line }) => line).join(", ");
  const named = without.length === 1 ? `Line ${lines} has` : `Lines ${lines} have`;
  return [element("li", {}, `${named} no link with guesses.`)];
}

function totals(readers) {
  const sum = (of) => readers.reduce((all, { score }) => all + of(score), 0);
  const both = (name) => [0, 1].map((k) => sum((score) => score[name][k]));
  return {
    made: sum((score) => score.made), silent: sum((score) => score.silent),
    hits: both("hits"), theory: both("theory"), rival: both("rival"),
  };
}

function tallyTable(label, caption, heads, rows) {
  return element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label },
    element("table", { class: "plain" },
      element("caption", {}, element("span", {}, caption)),
      element("thead", {}, element("tr", {}, ...heads.map(([head, right]) =>
        element("th", { scope: "col", class: right ? "right" : false }, head)))),
      element("tbody", {}, ...rows)));
}

function readersTable(readers) {
  const total = totals(readers);
  const heads = [["reader"], ["right", true], [`always ${commonest()}`, true], ["right*", true],
    ["theory*", true], ["left out"]];
  const rows = readers.map(({ by, score, unknown, experiment }) => readerRow(by, score,
    [unknown ? `${unknown} of settings that this report lacks` : "",
      experiment === grid.experiment ? "" : `made for experiment ${experiment}`]));
  const all = readers.length > 1 ? [readerRow("All", total, [])] : [];
  const caption = `On each reader's cells. * With broken and redundant as one word. ${scoreNote(total)}`;
  return tallyTable("Readers", caption, heads, [...rows, ...all]);
}

function readerRow(name, score, notes) {
  const { made, hits, rival } = score;
  return element("tr", {}, element("th", { scope: "row" }, name),
    ...[hits[0], rival[0], hits[1], theoryRights(score)[1]].map((right) => rightCell(right, made)),
    element("td", { class: "muted" }, notes.filter(Boolean).join("; ") || "–"));
}

function worstTable(cells) {
  const wrong = cells.filter((cell) => cell.wrong);
  const title = element("h3", {}, "What most got wrong");
  if (!wrong.length) return [title, element("p", {}, "Every guess was right.")];
  const caption = `${Math.min(WORST, wrong.length)} of ${countText(wrong.length, "setting")} with a wrong guess, the largest share first.`;
  const rows = wrong.slice(0, WORST).map((cell) => element("tr", {},
    element("th", { scope: "row" }, settingLink(grid.id(cell.i), shortLabel(cell.i))),
    element("td", {}, verdictSign(grid.column("verdict")[cell.i])),
    element("td", { class: "right" }, `${cell.wrong} of ${cell.guesses}`),
    element("td", {}, ...wordCounts(cell).map(([word, count]) =>
      element("span", { class: "move" }, verdictSign(word), " ", element("b", {}, String(count)))))));
  return [title, tallyTable("Settings that most got wrong", caption,
    [["setting"], ["verdict"], ["wrong", true], ["guesses"]], rows)];
}
