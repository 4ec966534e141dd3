// The table of all settings: search, filters, order, pages of rows, and the same rows as CSV.
// What is shown follows from the state alone; `rowsShown` says which settings, in which order.

const PAGE_ROWS = 50;
const TABLE_STATE = ["q", "sort", "verdict", "agrees", "only"]; // what decides which rows there are
// What the theory says of a setting, as `theoryOf` finds it, in the order in which it is sorted.
const AGREEMENT = {
  no: "disagrees", open: "leaves several verdicts open", yes: "agrees", none: "predicts nothing",
};
let table = null; // the settings as the table needs them, made when the index is there

ready.then(() => { if (grid && document.getElementById("settings")) startTable(); });

function startTable() {
  table = makeTable();
  const root = document.querySelector("#settings .finder");
  buildControls(root);
  buildHead(root);
  root.hidden = false;
  state.subscribe((_, changed) => {
    if (TABLE_STATE.some((name) => changed.has(name))) showTable();
    else if (changed.has("rows")) showRows(rowsWanted());
  });
  showTable();
  setTimeout(searchTexts, 500); // before the reader searches
}

function makeTable() {
  const verdict = grid.column("verdict");
  const theory = verdict.map((_, i) => theoryOf(i));
  const columns = tableColumns(verdict, theory);
  return { verdict, theory, columns, texts: null, order: [], orderedBy: null, shown: [] };
}

function theoryOf(i) {
  const agrees = grid.column("agrees")[i];
  if (agrees === "no") return "no";
  if (agrees !== "yes") return "none";
  return grid.column("known")[i] === "no" ? "open" : "yes";
}

// --- Which rows, in which order

const listed = (name) => state.get(name).split(",").filter(Boolean);
const rowsWanted = () => Math.max(PAGE_ROWS, state.get("rows") ?? 0);

function filtersOf() {
  const only = new Map(listed("only").map((text) => text.split(":")));
  const factors = variedFactors().filter((f) => f.values.includes(only.get(f.name)))
    .map((f) => ({ place: f.place, wanted: f.values.indexOf(only.get(f.name)) }));
  return {
    words: state.get("q").toLowerCase().split(/\s+/).filter(Boolean),
    verdicts: listed("verdict"), agrees: state.get("agrees"), factors,
  };
}

// What a search looks through, in lower case: all labels, the verdict and the rule.
function searchTexts() {
  if (table.texts) return table.texts;
  const factors = variedFactors().map((f) => ({ ...f, texts: f.values.map(lowered) }));
  const fixed = grid.factors.filter((f) => f.values.length === 1).map((f) => lowered(f.values[0]));
  const rules = grid.column("rule");
  table.texts = table.verdict.map((verdict, i) => `${fixed.join(" ")} ${verdict ?? "missing"} ${
    factors.map((f) => f.texts[f.place(i)]).join(" ")} ${lowered(rules[i] ?? "")}`);
  return table.texts;
}

const lowered = (text) => text.toLowerCase();

// The settings that pass all filters but the verdict's, so that each verdict can be counted; in the
// order asked for.
function candidates({ words, agrees, factors }) {
  const texts = words.length ? searchTexts() : null;
  const found = [];
  for (const i of ordered()) {
    if (agrees && (table.verdict[i] === null || table.theory[i] !== agrees)) continue;
    if (!factors.every(({ place, wanted }) => place(i) === wanted)) continue;
    if (texts && !words.every((word) => texts[i].includes(word))) continue;
    found.push(i);
  }
  return found;
}

// All settings in the order asked for, put in order once: filters keep it.
function ordered() {
  const asked = state.get("sort");
  if (table.orderedBy === asked) return table.order;
  const column = table.columns.find((one) => one.name === asked.replace(/^-/, ""));
  const order = Array.from({ length: grid.size }, (_, i) => i);
  if (column) {
    const keys = order.map(column.key);
    const sign = asked.startsWith("-") ? -1 : 1;
    order.sort((a, b) => compare(keys[a], keys[b], sign) || a - b);
  }
  Object.assign(table, { order, orderedBy: asked });
  return order;
}

// Settings without a value come last in either direction.
function compare(a, b, sign) {
  const [noA, noB] = [a === null || a === undefined, b === null || b === undefined];
  if (noA || noB) return noA - noB;
  return a < b ? -sign : a > b ? sign : 0;
}

// --- What the reader sees

function showTable() {
  const filters = filtersOf();
  const found = candidates(filters);
  const { verdicts } = filters;
  table.shown = verdicts.length
    ? found.filter((i) => verdicts.includes(table.verdict[i] ?? "missing")) : found;
  showControls(found, filters);
  showHead();
  document.querySelector("#settings tbody").replaceChildren();
  showRows(rowsWanted());
}

// Add the rows that are still lacking to those that are there.
function showRows(most) {
  const body = document.querySelector("#settings tbody");
  if (body.rows.length > most) body.replaceChildren();
  body.append(...table.shown.slice(body.rows.length, most).map(tableRow));
  const left = table.shown.length - body.rows.length;
  const more = document.getElementById("settings-more");
  more.hidden = left <= 0;
  more.textContent = `Show ${Math.min(left, 4 * PAGE_ROWS)} more of ${left.toLocaleString("en")}`;
}

function tableRow(i) {
  const cells = table.columns.map((column, k) => element(
    k ? "td" : "th", { scope: k ? null : "row", class: column.right ? "right" : null },
    column.cell(i)));
  return element("tr", { "data-setting": i }, ...cells);
}
