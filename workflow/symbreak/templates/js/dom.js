// Elements made by script, and how numbers and verdicts are spelled everywhere.

const SVG = "http://www.w3.org/2000/svg";

// An HTML element; attributes that are false are left out.
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

// An SVG element: attributes and classes only, as the security policy allows no style.
function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function button(label, action, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", action);
  return made;
}

// A verdict's sign and word; a setting without a result is missing.
function verdictSign(verdict) {
  const word = verdict ?? "missing";
  return element("span", { class: "verdict" },
    element("span", { class: `sign ${word}`, "aria-hidden": "true" }, symbolOf(verdict)), word);
}

function symbolOf(verdict) {
  return grid.words.find((word) => word.name === verdict)?.symbol ?? "–";
}

// A link to a setting's page, or to two settings side by side.
function settingLink(id, label) {
  return element("a", { href: settingHash(id) }, label);
}

function besideLink(id, beside, label) {
  return element("a", { href: settingHash(id, beside) }, label);
}

// A number in few digits; a bare 0 stands for an exact zero only.
function numberText(value, digits = 3) {
  if (value === null || !Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const [plain, exponent] = Number(value.toPrecision(digits)).toString().split("e");
  return (exponent ? `${plain}e${exponent.replace("+", "")}` : plain).replaceAll("-", "−");
}

function countText(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

// The share of broken networks with its interval and how many networks that is of.
function shareText(i) {
  const [share, low, high] = ["broken_fraction", "broken_low", "broken_high"]
    .map((name) => Math.round(100 * grid.column(name)[i]));
  const networks = countText(grid.column("replicates")[i], "network");
  return `${share} % of ${networks} broken (95 % interval ${low}–${high})`;
}

// "broken 30; redundant 2" of a table as a reader says it: 30 broken, 2 redundant.
function countsText(shares) {
  return shares.split("; ").map((part) => part.replace(/^(.+) (\d+)$/, "$2 $1")).join(", ");
}

// The labels of a setting that tell it from others of this grid.
function shortLabel(i) {
  const labels = grid.labels(i);
  return grid.factors.map((factor, k) => ({ factor, k }))
    .filter(({ factor, k }) => k < 3 || factor.values.length > 1)
    .map(({ factor, k }) => (k === 0 || k > 2 ? labels[k] : `${factor.label} ${labels[k]}`))
    .join(", ");
}

// A click on the button copies the text, and the button says so.
function copyButton(label, textOf) {
  const made = button(label, async () => {
    try {
      await navigator.clipboard.writeText(textOf());
      made.textContent = "Copied";
    } catch {
      made.textContent = "Not allowed here: select and copy";
    }
    setTimeout(() => { made.textContent = label; }, 2000);
  }, { "aria-live": "polite" });
  return made;
}

// A button that saves a text as a file.
function fileButton(label, name, type, textOf) {
  return button(label, () => {
    const address = URL.createObjectURL(new Blob([textOf()], { type }));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
}

// Numbers behind a figure, as a table that opens.
function numbersTable(caption, head, rows) {
  const cells = (name, values) => values.map((value) => element(name, {}, String(value ?? "–")));
  return element("details", { class: "numbers" },
    element("summary", {}, "Numbers, as drawn"),
    element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
      element("table", { class: "plain" },
        element("caption", {}, element("span", {}, caption)),
        element("thead", {}, element("tr", {}, ...head.map((name) =>
          element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...rows.map(([first, ...rest]) => element("tr", {},
          element("th", { scope: "row" }, first), ...cells("td", rest)))))));
}
