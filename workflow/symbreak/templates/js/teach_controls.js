// The controls of predicting: the words to take, what is revealed, the score, and the link.

function buildPredicting(root) {
  root.querySelector(".chips").append(...[...grid.words.map((word) => word.name), ...TOOLS]
    .map(toolControl));
  const on = (id, action) => document.getElementById(id).addEventListener("click", action);
  on("predict-switch", () => state.set({ predict: !predicting() }));
  on("predict-all", () => reveal(readGame().guesses.keys()));
  on("predict-every", () => reveal(shownCells().map(settingOf)));
  on("predict-again", () => state.set({ guesses: "", seen: "" }));
  const name = document.getElementById("predict-name");
  name.addEventListener("input", () => state.set({ by: name.value.trim() }));
  document.getElementById("predict-copy").replaceWith(copyButton("Copy the link", guessLink));
}

function toolControl(name) {
  const radio = element("input", { type: "radio", name: "predict-word", value: name });
  radio.checked = name === taken;
  radio.addEventListener("change", () => { taken = name; });
  const sign = { erase: "⌫", reveal: "?" }[name];
  const label = sign ? element("span", { class: "verdict" },
    element("span", { class: "sign hidden", "aria-hidden": "true" }, sign), name) : verdictSign(name);
  return element("label", {}, radio, label);
}

// The link leaves out what is revealed: who opens it sees guesses, not answers. Of a report on the
// reader's own disk it names the file only, not the folders.
function guessLink() {
  const hash = hashOf({
    model: state.get("model"), predict: true, by: state.get("by"), guesses: state.get("guesses"),
  });
  const [address] = location.href.split("#");
  return (location.protocol === "file:" ? address.split("/").at(-1) : address) + hash;
}

function showPredicting() {
  const on = predicting();
  const root = document.querySelector(".predict");
  const button = root.querySelector("#predict-switch");
  button.setAttribute("aria-pressed", String(on));
  for (const part of document.querySelectorAll(".predicting")) part.hidden = !on;
  document.getElementById("matrix").classList.toggle("guessing", on);
  paintCells();
  refreshReading();
  if (!on) return;
  const name = document.getElementById("predict-name");
  if (name.value.trim() !== state.get("by")) name.value = state.get("by");
  showScore();
}

// The line under the matrix tells of the current cell anew.
function refreshReading() {
  document.querySelector("#matrix .readout").dataset.index = "";
  readCell(currentCell());
}

function showScore() {
  const { guesses, warning } = readGame();
  const seen = new Map([...guesses].filter(([i]) => !isHidden(i)));
  const score = scoreOf(seen);
  say("predict-score", `${countOf(guesses.size)}, ${seen.size.toLocaleString("en")} revealed${
    score.made ? `: ${score.hits[0]} of ${score.made} right` : ""}`);
  const note = document.getElementById("predict-warning");
  note.hidden = !warning;
  note.textContent = warning;
  document.getElementById("predict-all").disabled = seen.size === guesses.size;
  document.getElementById("predict-again").disabled = !guesses.size && !state.get("seen");
  const table = document.getElementById("predict-table");
  table.hidden = !score.made;
  table.querySelector("tbody").replaceChildren(...scoreRows(score));
  table.querySelector(".note").textContent = scoreNote(score);
}

const countOf = (count) => `${count.toLocaleString("en")} guess${count === 1 ? "" : "es"}`;

// What is said again is read again by a screen reader.
function say(id, text) {
  const line = document.getElementById(id);
  if (line.textContent !== text) line.textContent = text;
}

function scoreRows(score) {
  const { made, hits, rival } = score;
  const rows = [["You", hits], ["The theory", theoryRights(score)], [`Always ${commonest()}`, rival]];
  return rows.map(([who, rights]) => element("tr", {}, element("th", { scope: "row" }, who),
    ...rights.map((right) => rightCell(right, made))));
}

// A theory that says nothing at all is not wrong.
function theoryRights({ made, theory, silent }) {
  return silent === made ? [null, null] : theory;
}

function rightCell(right, made) {
  if (right === null) return element("td", { class: "right" }, "–");
  return element("td", { class: "right" }, `${right} of ${made} `,
    element("span", { class: "muted" }, `(${percentOf(right, made)})`));
}

function scoreNote({ silent }) {
  const none = silent ? `, and names no word for ${silent} of these cells` : "";
  return `The theory does not tell broken and redundant apart${none}. The verdict that most settings of this report have is ${commonest()}.`;
}
