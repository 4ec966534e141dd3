// The smallest change that flips a setting's verdict: the settings with another verdict that differ
// in the fewest factors. Ties: fewer changed components (a changed parameter or number is less than
// another component), then the order of the config.

function flips(i) {
  const verdicts = grid.column("verdict");
  let fewest = Infinity;
  let nearest = [];
  for (let j = 0; j < grid.size; j++) {
    if (verdicts[j] === null || verdicts[j] === verdicts[i]) continue;
    const count = changesBetween(i, j, fewest);
    if (count > fewest) continue;
    if (count < fewest) nearest = [];
    fewest = count;
    nearest.push(j);
  }
  const found = nearest.map((index) => {
    const factors = changedFactors(grid.values(i), grid.values(index));
    return { index, factors, components: componentsChanged(factors, i, index) };
  });
  return found.sort((a, b) => a.components - b.components || a.index - b.index);
}

let valuesOfAll = null; // of every setting, the places of its factors' values, one after the other

// How many factors differ; it stops counting where there are more than `most`.
function changesBetween(i, j, most) {
  const length = grid.factors.length;
  if (!valuesOfAll) {
    valuesOfAll = new Uint16Array(grid.size * length);
    for (let k = 0; k < grid.size; k++) valuesOfAll.set(grid.values(k), k * length);
  }
  let count = 0;
  for (let k = 0; k < length && count <= most; k++) {
    if (valuesOfAll[i * length + k] !== valuesOfAll[j * length + k]) count += 1;
  }
  return count;
}

function changedFactors(from, to) {
  return from.map((_, k) => k).filter((k) => from[k] !== to[k]);
}

function componentsChanged(factors, i, j) {
  const [from, to] = [grid.labels(i), grid.labels(j)];
  return factors.filter((k) => componentOf(from[k]) !== componentOf(to[k])).length;
}

// The name in a label such as constant_eps-0.5-0.0001; nothing in a number or in widths.
function componentOf(label) {
  return /^[a-z]\w*/.exec(label)?.[0] ?? "";
}

// What is changed between two settings, as in "bias none → zeros".
function changeText(i, j) {
  const [from, to] = [grid.labels(i), grid.labels(j)];
  return changedFactors(grid.values(i), grid.values(j))
    .map((k) => `${grid.factors[k].label} ${from[k]} → ${to[k]}`).join(" and ");
}

// One sentence with a link, for the readout of a cell.
function shortFlip(i) {
  const found = flips(i);
  if (!found.length) return [noFlip()];
  const [{ index, factors }] = found;
  const others = found.length - 1;
  return [
    factors.length > 1 ? `No single change flips it; ${factors.length} together do: ` : "Smallest change that flips it: ",
    besideLink(grid.id(i), grid.id(index), changeText(i, index)), " gives ",
    verdictSign(grid.column("verdict")[index]),
    others ? ` (${others.toLocaleString("en")} other${others > 1 ? "s" : ""} as small).` : "",
  ];
}

function noFlip() {
  return "No setting of this grid has another verdict.";
}

// The section of a setting's page: every smallest change, grouped by what is changed.
function flipSection(i) {
  const found = flips(i);
  const head = element("h4", {}, "The smallest change that flips the verdict");
  if (!found.length) return element("section", { class: "flips" }, head, element("p", {}, noFlip()));
  const verdict = grid.column("verdict")[i];
  const count = found[0].factors.length;
  const first = element("p", { class: "first-flip" },
    count === 1 ? "One change is enough: " : `No single change does; ${count} together do: `,
    besideLink(grid.id(i), grid.id(found[0].index), changeText(i, found[0].index)),
    " gives ", verdictSign(grid.column("verdict")[found[0].index]), ` instead of ${verdict}. `,
    element("span", { class: "muted" }, "Each opens the two side by side."));
  const groups = grouped(found, groupOf);
  const list = element("dl", { class: "flip-groups" });
  for (const [key, members] of groups) list.append(flipGroup(i, key, members));
  return element("section", { class: "flips" }, head, first, list, unflipped(i, found));
}

function groupOf(flip) {
  return flip.factors.map((k) => grid.factors[k].label).join(" and ");
}

function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const SHOWN_FLIPS = 12; // of a group; the others wait behind a click

function flipGroup(i, key, members) {
  const items = members.map(({ index, factors }) => element("li", {},
    besideLink(grid.id(i), grid.id(index), factors.map((k) => grid.labels(index)[k]).join(" and ")),
    verdictSign(grid.column("verdict")[index])));
  const rest = items.splice(SHOWN_FLIPS);
  const more = rest.length
    ? [element("details", {}, element("summary", {}, `${rest.length.toLocaleString("en")} more`),
      element("ul", {}, ...rest))]
    : [];
  return element("div", {}, element("dt", {}, key),
    element("dd", {}, element("ul", {}, ...items), ...more));
}

// The factors of which no other value alone flips the verdict: an answer, too.
function unflipped(i, found) {
  if (found[0].factors.length > 1) return "";
  const flipping = new Set(found.map((flip) => flip.factors[0]));
  const others = grid.factors.filter((f, k) => f.values.length > 1 && !flipping.has(k));
  if (!others.length) return "";
  const names = others.map((factor) => factor.label).join(", no other ");
  return element("p", { class: "note" }, `No other ${names} flips it alone.`);
}
