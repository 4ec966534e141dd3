// Guesses as text for a link, and what they score. The text names settings by their labels, so it
// means the same in a report of a larger grid:
//   experiment ~ ground ~ labels of each factor, "!" between ~ a letter for each of their product
// in the grid's order, "x" for no guess, a count after each that repeats: "b12x3s".

const NO_GUESS = "x";
const MOST_CELLS = 1e6; // of a link that is still read

const letterOf = (word) => word[0];
const wordOf = (letter) => grid.words.find((word) => letterOf(word.name) === letter)?.name;
const groundOf = () => document.getElementById("classroom").dataset.ground;

// A Map from settings to letters, as text; empty for an empty one.
function encodeGuesses(guesses) {
  if (!guesses.size) return "";
  const settings = [...guesses.keys()].map((i) => grid.values(i));
  const axes = grid.factors.map((_, k) => [...new Set(settings.map((places) => places[k]))]
    .sort((a, b) => a - b));
  const letters = [];
  for (const places of product(axes)) letters.push(guesses.get(grid.index(places)) ?? NO_GUESS);
  const labels = axes.map((axis, k) => axis.map((place) => grid.factors[k].values[place]).join("!"));
  return [grid.experiment, groundOf(), ...labels, repeated(letters)].join("~");
}

function* product([first, ...rest]) {
  if (!first) yield [];
  else for (const one of first) for (const others of product(rest)) yield [one, ...others];
}

function repeated(letters) {
  return letters.join("").replace(/(.)\1+/g, (run, letter) => letter + run.length);
}

// The guesses in a text, by setting, and how many are of settings that this report lacks; throws
// an Error that says what is wrong with it.
function decodeGuesses(text) {
  const [experiment, ground, ...axes] = text.split("~");
  const cells = axes.pop() ?? "";
  if (axes.length !== grid.factors.length || !/^([a-z]\d*)+$/.test(cells)) {
    throw new Error("it is cut off, or from another version of this page");
  }
  if (ground !== groundOf()) {
    const other = experiment === grid.experiment ? "but of other data or training" :
      `this report is of ${grid.experiment}, with other data or training`;
    throw new Error(`it was made for experiment ${experiment}, ${other}`);
  }
  const labels = axes.map((axis) => axis.split("!"));
  const letters = lettersOf(cells, labels.reduce((count, axis) => count * axis.length, 1));
  return { experiment, ...placed(labels, letters) };
}

function lettersOf(cells, expected) {
  const runs = [...cells.matchAll(/([a-z])(\d*)/g)].map(([, letter, n]) => [letter, Number(n || 1)]);
  const count = runs.reduce((sum, [, n]) => sum + n, 0);
  if (count !== expected || count > MOST_CELLS) throw new Error("it is cut off");
  return runs.map(([letter, n]) => letter.repeat(n)).join("");
}

function placed(labels, letters) {
  const places = labels.map((axis, k) => axis.map((label) => grid.factors[k].values.indexOf(label)));
  const guesses = new Map();
  let unknown = 0;
  let at = 0;
  for (const setting of product(places)) {
    const letter = letters[at++];
    if (letter === NO_GUESS) continue;
    if (setting.includes(-1)) unknown += 1;
    else guesses.set(grid.index(setting), letter);
  }
  return { guesses, unknown };
}

// --- Scores: of guesses of settings that have a verdict

const loose = (word) => (word === "redundant" ? "broken" : word); // one word to the theory

// The number of guesses, and for the reader, the theory and the commonest word how many are right:
// [by the word, with broken and redundant as one]; `silent` where the theory names no word.
function scoreOf(guesses) {
  const made = [...guesses].filter(([i]) => grid.column("verdict")[i] !== null);
  const rival = commonest();
  const right = (said) => [(word) => word, loose].map((as) => made.filter(([i, letter]) =>
    as(said(i, letter)) === as(grid.column("verdict")[i])).length);
  return {
    made: made.length,
    hits: right((_, letter) => wordOf(letter)),
    theory: right(theoryWord),
    rival: right(() => rival),
    silent: made.filter(([i]) => theoryWord(i) === null).length,
  };
}

// The word that most settings of this report have; the first of the words where two are as common.
function commonest() {
  const counts = new Map(grid.words.map((word) => [word.name, 0]));
  for (const name of grid.column("verdict")) if (name) counts.set(name, counts.get(name) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

// The likeliest word of a setting by the theory: that of all its networks, else mixed; null where
// it names none.
function theoryWord(i) {
  const [counts, known] = [grid.column("predicted_shares")[i], grid.column("known")[i]];
  if (!counts || known !== "yes") return null;
  const parts = counts.split("; ").map((part) => part.split(" "));
  const whole = parts.find(([, count]) => Number(count) > grid.column("replicates")[i] - 0.5);
  return whole ? whole[0] : "mixed";
}

const percentOf = (part, whole) => (whole ? `${Math.round((100 * part) / whole)}\u00a0%` : "–");
