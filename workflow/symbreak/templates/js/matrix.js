// The verdict matrix by keyboard and mouse. A cell's place in its table says which setting it is,
// so the page needs no mark for each cell.

ready.then(() => grid && startMatrix());

const varied = () => grid.factors.slice(3).filter((factor) => factor.values.length > 1);

function startMatrix() {
  const section = document.getElementById("matrix");
  section.querySelector(".readout").hidden = false;
  section.querySelectorAll(".worded details").forEach((one) => { one.open = false; }); // the readout tells
  section.addEventListener("change", () => state.set({ model: chosenModel(section) }));
  section.addEventListener("click", (event) => openCell(cellOf(event.target), event.shiftKey));
  section.addEventListener("keydown", matrixKey);
  section.addEventListener("focusin", (event) => readCell(cellOf(event.target)));
  section.addEventListener("mouseover", (event) => readCell(cellOf(event.target)));
  section.addEventListener("mouseleave", () => readCell(currentCell()));
  state.subscribe((_, changed) => {
    if (["model", "setting", "beside"].some((name) => changed.has(name))) showMatrix();
  });
  showMatrix();
}

function chosenModel(section) {
  return [...section.querySelectorAll(".choices input:checked")]
    .map((input) => section.querySelector(`label[for="${input.id}"]`).textContent).join(",");
}

// The places of the model's values: those that the address names, else the open setting's.
function modelPlaces() {
  const labels = state.get("model").split(",");
  const open = grid.find(state.get("setting"));
  const own = open < 0 ? null : grid.values(open);
  return varied().map((factor, k) => {
    const place = factor.values.indexOf(labels[k]);
    return place >= 0 ? place : own ? own[grid.factors.indexOf(factor)] : 0;
  });
}

function modelText() {
  return modelPlaces().map((place, k) => varied()[k].values[place]).join(",");
}

// Check the radios, show the model's panel (drawn here if the page has none), mark the open cells.
function showMatrix() {
  const places = modelPlaces();
  places.forEach((place, k) => { document.getElementById(`f${k}v${place}`).checked = true; });
  const key = ["model", ...places].join("-");
  document.querySelectorAll(".panel.drawn").forEach((panel) => panel.remove());
  if (!document.querySelector(`.panel.${key}`)) drawPanels(key, places);
  const table = document.querySelector(`.panel.${key} .map`);
  operable(table);
  markCells(table);
  readCell(currentCell());
}

// Of a table of verdicts, one cell is a stop of the Tab key and the arrow keys move between them.
function operable(table) {
  if (table.getAttribute("role") === "grid") return;
  table.setAttribute("role", "grid");
  table.querySelector(".keys").hidden = false;
  table.closest(".scroll").removeAttribute("tabindex");
  for (const cell of table.querySelectorAll("tbody td")) {
    cell.tabIndex = -1;
    cell.removeAttribute("title");
    cell.setAttribute("aria-label", cellLabel(settingOf(cell)));
  }
}

function cellLabel(i) {
  if (isHidden(i)) return hiddenLabel(i);
  const verdict = grid.column("verdict")[i];
  return `${shortLabel(i)}: ${verdict === null ? "missing" : `${verdict}, ${shareText(i)}`}`;
}

function markCells(table) {
  const [open, beside] = ["setting", "beside"].map((name) => grid.find(state.get(name)));
  const before = table.querySelector('td[tabindex="0"]');
  for (const cell of table.querySelectorAll("tbody td")) {
    const i = settingOf(cell);
    cell.toggleAttribute("data-open", i === open);
    cell.toggleAttribute("data-beside", i === beside);
    cell.setAttribute("aria-selected", String(i === open || i === beside));
  }
  const marked = table.querySelector("[data-open]") ?? table.querySelector("[data-beside]");
  stopAt(marked ?? before ?? table.querySelector("tbody td"));
  if (marked) intoView(marked);
}

// Scroll a wide table, and only it, until a cell is in sight.
function intoView(cell) {
  const box = cell.closest(".scroll");
  const middle = cell.offsetLeft - (box.clientWidth - cell.parentNode.cells[0].offsetWidth) / 2;
  if (box.scrollWidth > box.clientWidth) box.scrollLeft = middle - cell.parentNode.cells[0].offsetWidth / 2;
}

const cellOf = (target) => target.closest?.(".map tbody td");
const currentCell = () =>
  document.querySelector(`.panel.${["model", ...modelPlaces()].join("-")} .map td[tabindex="0"]`);

// The setting of a cell: its row is the initializer, its column the bias rule and the dropout.
function settingOf(cell) {
  const dropouts = grid.factors[1].values.length;
  const column = cell.cellIndex - 1;
  return settingAt(cell.parentNode.sectionRowIndex, column % dropouts,
    Math.floor(column / dropouts), modelPlaces());
}

function settingAt(init, dropout, bias, places) {
  const chosen = [...places];
  const model = grid.factors.slice(3).map((f) => (f.values.length > 1 ? chosen.shift() : 0));
  return grid.index([init, dropout, bias, ...model]);
}

function openCell(cell, beside) {
  if (!cell) return;
  const id = grid.id(settingOf(cell));
  stopAt(cell);
  if (beside && state.get("setting")) state.set({ beside: id, step: null });
  else {
    state.set({ setting: id, beside: "", step: null, model: "" });
    goToSetting();
  }
}

function stopAt(cell) {
  for (const other of cell.closest("table").querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
  cell.tabIndex = 0;
}

function matrixKey(event) {
  const cell = cellOf(event.target);
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" || event.key === " ") openCell(cell, event.shiftKey);
  else if (!moveFrom(cell, event.key)) return;
  event.preventDefault();
}

function moveFrom(cell, key) {
  const row = cell.parentNode;
  const rows = row.parentNode.rows;
  const [r, c, last] = [row.sectionRowIndex, cell.cellIndex, row.cells.length - 1];
  const block = grid.factors[1].values.length;
  const moves = {
    ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], ArrowUp: [r - 1, c], ArrowDown: [r + 1, c],
    Home: [r, 1], End: [r, last], PageUp: [r, c - block], PageDown: [r, c + block],
  };
  if (!moves[key]) return false;
  const [toRow, toColumn] = moves[key];
  const target = rows[toRow]?.cells[toColumn];
  if (target && toColumn > 0) {
    stopAt(target);
    target.focus();
  }
  return true;
}

// The line under the matrix on the cell under the pointer or with the focus.
function readCell(cell) {
  if (!cell) return;
  const line = document.querySelector("#matrix .readout");
  const i = settingOf(cell);
  if (line.dataset.index === String(i)) return;
  line.dataset.index = i;
  line.replaceChildren(...readoutOf(i));
}

function readoutOf(i) {
  if (isHidden(i)) return hiddenReadout(i);
  const verdict = grid.column("verdict")[i];
  const head = element("p", { class: "reading" }, verdictSign(verdict), " ",
    settingLink(grid.id(i), shortLabel(i)));
  if (verdict === null) return [head, element("p", {}, "No result: its networks are missing.")];
  const counts = verdict === "mixed" ? ` ${countsText(grid.column("shares")[i])}.` : "";
  return [head, element("p", {}, `${shareText(i)}.${counts} ${theoryText(i)}`),
    element("p", {}, ...(predicting() ? guessOutcome(i) : shortFlip(i)))];
}

// Broken and redundant are one verdict to the theory.
function theoryText(i) {
  const [predicted, agrees, known] = ["predicted_shares", "agrees", "known"]
    .map((name) => grid.column(name)[i]);
  if (!predicted) return "Nothing was predicted.";
  const said = `Predicted: ${countsText(predicted)}${known === "no" ? " (what is possible)" : ""}`;
  const found = { no: ", which does not agree", yes: ", which agrees" }[agrees] ?? "";
  const one = /broken/.test(predicted) && /redundant/.test(grid.column("shares")[i] ?? "");
  return `${said}${found}${one && agrees === "yes" ? ", as broken stands for redundant, too" : ""}.`;
}
