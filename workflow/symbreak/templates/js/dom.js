// Small helpers of all parts: elements with attributes, and files for the reader to keep.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// A verdict as everywhere in the page: its sign in its colour, then the word.
function wordOf(name) {
  const word = grid.words.find((one) => one.name === name) ?? { name: "missing", symbol: "–" };
  const sign = element("span", { class: `sign ${word.name}`, "aria-hidden": "true" }, word.symbol);
  return element("span", { class: "move" }, sign, word.name);
}

function toSetting(i, ...content) {
  return element("a", { href: `#setting=${grid.id(i)}` }, ...content);
}

// Rows of values as CSV: quoted where needed, empty where there is no value.
function toCsv(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

function saveText(name, text, type = "text/csv") {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const anchor = element("a", { href: address, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000); // not before the browser has read it
}

function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
