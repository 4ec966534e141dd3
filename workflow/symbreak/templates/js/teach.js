// Predict before you look: the matrix hides its verdicts until the reader has guessed.
// Guesses and what is revealed are in the state; the cells are painted from it.

const SEEN = "v"; // the letter of a revealed setting
const ALL = "all"; // in place of the settings, when every one is revealed
const TOOLS = ["erase", "reveal"]; // beside the words
// What the cells are painted from, and what makes the matrix draw them anew.
const GAME_STATE = ["predict", "guesses", "seen", "by", "model", "setting", "beside"];
let taken = "broken"; // what a click on a cell does: a word, or a tool
let game = null; // the guesses and the revealed settings that the address holds

ready.then(() => { if (grid && document.querySelector(".predict")) startPredicting(); });

function startPredicting() {
  const root = document.querySelector(".predict");
  root.hidden = false;
  buildPredicting(root);
  const matrix = document.getElementById("matrix");
  matrix.addEventListener("click", guessByClick, true); // before the matrix opens the setting
  matrix.addEventListener("keydown", guessByKey, true);
  state.subscribe((_, changed) => {
    if (GAME_STATE.some((name) => changed.has(name))) showPredicting();
  });
  showPredicting();
}

// The guesses of the address; with a warning where they are not of this report.
function readGame() {
  const [text, seen] = [state.get("guesses"), state.get("seen")];
  if (game && game.text === text && game.seenText === seen) return game;
  const read = (value) => {
    try {
      return value && value !== ALL ? decodeGuesses(value) : { guesses: new Map(), unknown: 0 };
    } catch (error) {
      return { guesses: new Map(), unknown: 0, warning: error.message };
    }
  };
  const found = read(text);
  game = {
    text, seenText: seen, guesses: found.guesses, all: seen === ALL,
    seen: read(seen).guesses, warning: warningOf(found),
  };
  return game;
}

function warningOf({ warning, unknown, experiment }) {
  if (warning) return `The guesses of this link are not shown: ${warning}.`;
  const said = [];
  if (experiment && experiment !== grid.experiment) {
    said.push(`The guesses of this link were made for experiment ${experiment}, on the same data.`);
  }
  if (unknown) said.push(`${countText(unknown, "guess").replace(/guesss$/, "guesses")} in this link are of settings that this report does not have.`);
  return said.join(" ");
}

const predicting = () => state.get("predict");
const isRevealed = (i) => readGame().all || readGame().seen.has(i);
const guessOf = (i) => wordOf(readGame().guesses.get(i));

// The matrix and its line of reading ask this before they tell.
function isHidden(i) {
  return predicting() && grid.column("verdict")[i] !== null && !isRevealed(i);
}

function hiddenLabel(i) {
  const guess = guessOf(i);
  return `${shortLabel(i)}: hidden, ${guess ? `your guess is ${guess}` : "no guess yet"}`;
}

function hiddenReadout(i) {
  const guess = guessOf(i);
  const said = guess ? ["Your guess: ", verdictSign(guess)] : ["No guess yet."];
  return [element("p", { class: "reading" }, shortLabel(i)), element("p", {}, ...said)];
}

// In place of the smallest change that flips a verdict, which would tell of a hidden cell.
function guessOutcome(i) {
  const guess = guessOf(i);
  if (!guess) return ["You made no guess."];
  return ["Your guess: ", verdictSign(guess), guess === grid.column("verdict")[i] ? " ✓ right" : " ✗ wrong"];
}

// --- What the reader does

function guessByClick(event) {
  const cell = cellOf(event.target);
  if (!cell || !isHidden(settingOf(cell))) return;
  event.stopImmediatePropagation();
  stopAt(cell);
  cell.focus();
  act(settingOf(cell), taken);
}

function guessByKey(event) {
  const cell = cellOf(event.target);
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  const i = settingOf(cell);
  const what = meantBy(event.key);
  if (!what || !isHidden(i)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  act(i, what);
}

function meantBy(key) {
  if (key === "Enter" || key === " ") return taken;
  if (key === "Delete" || key === "Backspace") return "erase";
  return key === "?" ? "reveal" : wordOf(key.toLowerCase());
}

function act(i, what) {
  const guesses = new Map(readGame().guesses);
  if (what === "reveal") return reveal([i]);
  if (what === "erase") guesses.delete(i);
  else guesses.set(i, letterOf(what));
  return state.set({ guesses: encodeGuesses(guesses) });
}

function reveal(settings) {
  const seen = new Map(readGame().seen);
  for (const i of settings) seen.set(i, SEEN);
  state.set({ seen: seen.size >= grid.size ? ALL : encodeGuesses(seen) });
}

// --- What the matrix shows

function shownCells() {
  const places = ["model", ...modelPlaces()].join("-");
  return [...document.querySelectorAll(`.panel.${places} .map tbody td`)];
}

function paintCells() {
  for (const cell of shownCells()) {
    const i = settingOf(cell);
    const guess = predicting() ? guessOf(i) : null;
    const verdict = grid.column("verdict")[i] ?? "missing";
    const hidden = isHidden(i);
    const shown = hidden ? guess ?? "hidden" : verdict;
    const first = cell.classList.contains("first") ? "first" : "";
    const mark = hidden ? guess && "guessed" : guess && (guess === verdict ? "hit" : "miss");
    const look = [shown, first, mark].filter(Boolean).join(" ");
    if (cell.className === look) continue;
    cell.className = look;
    cell.textContent = shown === "hidden" ? "?" : symbolOf(shown === "missing" ? null : shown);
    cell.setAttribute("aria-label", `${cellLabel(i)}${guessMark(guess, verdict, hidden)}`);
  }
}

function guessMark(guess, verdict, hidden) {
  if (!guess || hidden) return "";
  return guess === verdict ? "; your guess was right" : `; your guess was ${guess}`;
}
