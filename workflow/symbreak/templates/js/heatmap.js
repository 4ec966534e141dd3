// Numbers as shades from most negative to most positive, each written in its cell where it fits.

const SHADES = 9;
const MOST_WRITTEN = 120; // cells that still have room for their numbers

function largestOf(...maps) {
  return Math.max(0, ...maps.flat(2).map((value) => Math.abs(value ?? 0))) || 1;
}

function heatMap(values, { rows, columns, largest, sentence, unit = "" }) {
  const written = values.length * values[0].length <= MOST_WRITTEN && values[0].length <= 10;
  const [width, height] = written ? [Math.min(44, 250 / values[0].length), 24]
    : [Math.max(6, Math.min(20, 280 / values[0].length)), Math.max(8, Math.min(20, 240 / values.length))];
  const spell = roundedBy(values);
  const left = 62;
  const top = columns ? 58 : 4;
  const cells = values.flatMap((row, r) => row.map((value, c) =>
    heatCell(value, left + c * width, top + r * height, width, height, {
      written, largest, label: spell(value), title: `${rows[r]}, ${columns ? columns[c] : `${unit} ${c + 1}`}`,
    })));
  const every = Math.ceil(14 / height); // labels that fit under each other
  const sides = rows.map((row, r) => (r % every ? "" : svgText(left - 6, top + (r + 0.5) * height + 4,
    row, { "text-anchor": "end" })));
  return picture(left + width * values[0].length + (columns ? 44 : 6), top + height * values.length + 4,
    sentence, ...sides, ...heatHeads(columns, left, top, width), ...cells);
}

// Labelled pictures under each other as one, which is saved as one.
function stacked(parts, sentence) {
  const sizes = parts.map(([, part]) => ["width", "height"].map((name) => Number(part.getAttribute(name))));
  let top = 0;
  const placed = parts.flatMap(([label, part], n) => {
    const y = top;
    top += sizes[n][1] + 32;
    ["role", "aria-label", "class"].forEach((name) => part.removeAttribute(name));
    part.setAttribute("y", y + 16);
    return [svgText(0, y + 12, label), part];
  });
  return picture(Math.max(...sizes.map(([width]) => width)), top - 16, sentence, ...placed);
}

function heatHeads(columns, left, top, width) {
  if (!columns || width < 9) return [];
  return columns.map((name, c) => {
    const x = left + (c + 0.5) * width;
    return svgText(x, top - 6, name.length > 11 ? `${name.slice(0, 10)}…` : name,
      { transform: `rotate(-40 ${x} ${top - 6})` });
  });
}

function heatCell(value, x, y, width, height, { written, largest, label, title }) {
  const share = Math.max(-1, Math.min(1, (value ?? 0) / largest));
  const shade = Math.min(SHADES - 1, Math.floor(((share + 1) / 2) * SHADES));
  return shape("g", {},
    shape("title", {}, `${title}: ${label}`),
    shape("rect", { x, y, width: width - 1, height: height - 1, class: `shade-${shade}` }),
    ...(written ? [svgText(x + width / 2, y + height / 2 + 3.5, label, { "text-anchor": "middle", class: "number" })] : []));
}

// Drawn numbers come in 8 bits: as many decimals as those allow, so 0.00 is small, not exactly 0.
function roundedBy(values) {
  if (!values.flat().some((value) => value)) return (value) => (value === null ? "–" : "0");
  const digits = Math.max(0, Math.min(20, Math.floor(-Math.log10(largestOf(values) / 127))));
  return (value) => {
    if (value === null) return "–";
    const label = Math.abs(value) >= 1e4 ? value.toExponential(1) : value.toFixed(Math.min(digits, 4));
    return label.replace("e+", "e").replace(/^-(0\.?0*)$/, "$1").replaceAll("-", "−");
  };
}
