// A figure is saved as a file: SVG, PNG of twice its size, and the numbers of its table as CSV.
// It takes the light colours along, since what is pasted into a slide stands on white.

const PAINTED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
  "stroke-linecap", "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight",
  "text-anchor", "dominant-baseline", "visibility"];
const FONT = ["font-family", "font-size", "font-weight", "fill"]; // of the whole, to begin with

// The drawing as a document of its own: what the page's style says of it becomes attributes.
function standalone(svg) {
  const { width, height } = sizeOf(svg);
  const light = document.createElement("div");
  light.className = "light";
  const copy = light.appendChild(svg.cloneNode(true));
  svg.parentNode.append(light); // a place in the page, so that the page's style holds for it
  const paper = getComputedStyle(light).getPropertyValue("--paper").trim();
  const all = [copy, ...copy.querySelectorAll("*")];
  const painted = all.map(styleOf); // before any class is gone, which rules for others may name
  light.remove();
  all.forEach((element, i) => {
    for (const [name, value] of painted[i]) element.setAttribute(name, value);
    element.removeAttribute("class");
  });
  copy.setAttribute("viewBox", svg.getAttribute("viewBox") || `0 0 ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  return { text: new XMLSerializer().serializeToString(copy), width, height, paper };
}

// Only what differs from the parent: the shapes that a <use> draws keep taking theirs from it.
function styleOf(element) {
  const own = getComputedStyle(element), outer = getComputedStyle(element.parentNode);
  const isWhole = !(element.parentNode instanceof SVGElement);
  if (own.display === "none") return [["display", "none"]];
  return PAINTED.map((name) => [name, own.getPropertyValue(name)]).filter(([name, value]) =>
    element.hasAttribute(name) || value !== outer.getPropertyValue(name) || (isWhole && FONT.includes(name)));
}

function sizeOf(svg) {
  const box = svg.viewBox.baseVal;
  const shown = svg.getBoundingClientRect();
  const round = (value) => Math.round(10 * value) / 10;
  return box && box.width ? { width: round(box.width), height: round(box.height) }
    : { width: shown.width, height: shown.height };
}

// Twice the size, on the page's paper or on nothing; a promise of the file's content.
function asPicture(svg, transparent) {
  const { text, width, height, paper } = standalone(svg);
  const image = new Image();
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  return new Promise((done, failed) => {
    image.onerror = () => failed(new Error("The picture could not be drawn."));
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(2 * width);
      canvas.height = Math.round(2 * height);
      const context = canvas.getContext("2d");
      if (!transparent) {
        context.fillStyle = paper;
        context.fillRect(0, 0, canvas.width, canvas.height);
      }
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, "image/png");
    };
    image.src = address;
  }).finally(() => URL.revokeObjectURL(address));
}

// The numbers of a table as CSV: a true minus becomes a hyphen, a dash stands for nothing.
function asCsv(table) {
  const cell = (element) => {
    const text = element.textContent.trim().replace(/\u2212/g, "-").replace(/^\u2013$/, "");
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [...table.rows].map((row) => [...row.cells].map(cell).join(",")).join("\r\n") + "\r\n";
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A file's name says which report and figure it is of.
function fileName(figure, ending) {
  const parts = ["symbreak", document.documentElement.dataset.experiment, figure.dataset.name, figure.id];
  return parts.filter(Boolean).join("-").replace("-figure-", "-").replace(/[^\w.-]+/g, "-") + ending;
}

const SAVED = {
  "SVG": (figure) => save(new Blob([standalone(figure.querySelector("svg")).text],
    { type: "image/svg+xml" }), fileName(figure, ".svg")),
  "PNG": (figure) => asPicture(figure.querySelector("svg"), false)
    .then((blob) => save(blob, fileName(figure, ".png"))),
  "PNG without paper": (figure) => asPicture(figure.querySelector("svg"), true)
    .then((blob) => save(blob, fileName(figure, "-transparent.png"))),
  "CSV": (figure) => save(new Blob([asCsv(figure.querySelector("table"))],
    { type: "text/csv" }), fileName(figure, ".csv")),
};

// Give a figure its buttons, once; CSV only where its numbers stand in the page.
function savable(figure) {
  const drawing = figure.querySelector("svg");
  if (!drawing || figure.querySelector(".saving")) return;
  const what = drawing.getAttribute("aria-label") || figure.textContent.trim();
  const tools = document.createElement("div");
  tools.className = "saving";
  tools.append("Save as ");
  for (const [name, action] of Object.entries(SAVED)) {
    if (name === "CSV" && !figure.querySelector("table")) continue;
    const button = tools.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = name;
    button.setAttribute("aria-label", `${name}: save ${what.slice(0, 80)}`);
    button.addEventListener("click", () => action(figure));
  }
  const folded = figure.querySelector("details") || (figure.querySelector("figcaption") || figure).appendChild(folder());
  folded.firstElementChild.textContent = folded.querySelector("table") ? "Numbers, and save" : "Save";
  folded.firstElementChild.after(tools);
}

function folder() {
  const details = document.createElement("details");
  details.className = "numbers";
  details.append(document.createElement("summary"));
  return details;
}

// Figures that are drawn later get theirs when they appear, at most once a frame.
function watchFigures() {
  let waiting = false;
  const all = () => {
    waiting = false;
    document.querySelectorAll("figure").forEach(savable);
  };
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(all);
  }).observe(document.querySelector("main"), { childList: true, subtree: true });
  all();
}

watchFigures();
