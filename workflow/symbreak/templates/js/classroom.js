// A class's guesses: links pasted by the teacher, read, scored and counted in this page.

const LINKS = /[^\s"'<>()[\]]*\bguesses=[^\s"'<>()[\]]+/g; // a link ends at a space, quote or bracket

ready.then(() => { if (grid && document.querySelector(".class")) startClassroom(); });

function startClassroom() {
  document.querySelector(".class").hidden = false;
  const box = document.getElementById("class-links");
  box.addEventListener("input", () => showClass(readClass(box.value)));
}

// The readers in the pasted lines, and the lines that are none, each with the reason.
function readClass(text) {
  const found = { readers: [], bad: [], without: [] };
  const known = new Map(); // what a reader sent -> its line
  text.split("\n").forEach((line, k) => {
    if (!line.trim()) return;
    const links = line.match(LINKS) ?? [];
    if (!links.length) found.without.push({ line: k + 1, text: line });
    for (const link of links) readLink(link, k + 1, known, found);
  });
  return found;
}

function readLink(link, line, known, { readers, bad }) {
  const value = partOf(link, "guesses");
  const by = partOf(link, "by").replaceAll("+", " ").trim().slice(0, 60);
  const sent = `${by} ${value}`;
  if (known.has(sent)) {
    bad.push({ line, text: link, reason: `it repeats line ${known.get(sent)}` });
    return;
  }
  try {
    const read = decodeGuesses(value);
    known.set(sent, line);
    readers.push({ line, by: by || `reader of line ${line}`, ...read, score: scoreOf(read.guesses) });
  } catch (error) {
    bad.push({ line, text: link, reason: error.message });
  }
}

// One property in a link, without the full stop or comma of the sentence around it.
function partOf(link, name) {
  const [, value = ""] = link.match(new RegExp(`[#&?]${name}=([^&]*)`)) ?? [];
  return decoded(value.replace(/[.,;:!?]+$/, ""));
}

// The settings that were guessed: how often, how often wrong, and which words, worst first.
function cellsOf(readers) {
  const cells = new Map();
  for (const { guesses } of readers) {
    for (const [i, letter] of guesses) {
      if (grid.column("verdict")[i] === null) continue;
      if (!cells.has(i)) cells.set(i, { i, guesses: 0, wrong: 0, words: new Map() });
      const cell = cells.get(i);
      const word = wordOf(letter);
      cell.guesses += 1;
      cell.wrong += word !== grid.column("verdict")[i];
      cell.words.set(word, (cell.words.get(word) ?? 0) + 1);
    }
  }
  return [...cells.values()].sort((a, b) =>
    b.wrong / b.guesses - a.wrong / a.guesses || b.wrong - a.wrong || a.i - b.i);
}

function wordCounts({ words }) {
  return [...words].sort((a, b) => b[1] - a[1]);
}

// --- The tally as files

function readersCsv(readers) {
  const counts = ["hits", "theory", "rival"];
  const head = ["reader", "line", "guesses", "right", "theory_right", "commonest_right",
    "right_loose", "theory_right_loose", "commonest_right_loose", "unknown_settings"];
  const rows = readers.map(({ by, line, score, unknown }) => [by, line, score.made,
    ...[0, 1].flatMap((k) => counts.map((name) => score[name][k])), unknown]);
  return toCsv([head, ...rows]);
}

function cellsCsv(cells) {
  const names = grid.words.map((word) => word.name);
  const head = [...grid.factors.map((factor) => factor.name), "verdict", "guesses", "wrong",
    ...names.map((name) => `guessed_${name}`)];
  const rows = cells.map(({ i, guesses, wrong, words }) => [...grid.labels(i),
    grid.column("verdict")[i], guesses, wrong, ...names.map((name) => words.get(name) ?? 0)]);
  return toCsv([head, ...rows]);
}
