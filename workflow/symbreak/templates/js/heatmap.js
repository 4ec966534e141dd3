// Numbers as shades from most negative to most positive, each written in its cell where it fits.

const SHADES = 9;
const MOST_WRITTEN = 120; // cells that still have room for their numbers

function largestOf(...maps) {
  return Math.max(0, ...maps.flat(2).map((value) => Math.abs(value ?? 0))) || 1;
}

function heatMap(values, { rows, columns, largest, sentence, unit = "" }) {
  const written = values.length * values[0].length <= MOST_WRITTEN && values[0].length <= 10;
  const [width, height] = written ? [Math.min(48, 280 / values[0].length), 24]
    : [Math.max(6, Math.min(20, 280 / values[0].length)), Math.max(8, Math.min(20, 240 / values.length))];
  const left = 62;
  const top = columns ? 58 : 4;
  const cells = values.flatMap((row, r) => row.map((value, c) =>
    heatCell(value, left + c * width, top + r * height, width, height, {
      written, largest, title: `${rows[r]}, ${columns ? columns[c] : `${unit} ${c + 1}`}`,
    })));
  const every = Math.ceil(14 / height); // labels that fit under each other
  const sides = rows.map((row, r) => (r % every ? "" : svgText(left - 6, top + (r + 0.5) * height + 4,
    row, { "text-anchor": "end" })));
  return picture(left + width * values[0].length + (columns ? 44 : 6), top + height * values.length + 4,
    sentence, ...sides, ...heatHeads(columns, left, top, width), ...cells);
}

function heatHeads(columns, left, top, width) {
  if (!columns || width < 9) return [];
  return columns.map((name, c) => {
    const x = left + (c + 0.5) * width;
    return svgText(x, top - 6, name.length > 11 ? `${name.slice(0, 10)}…` : name,
      { transform: `rotate(-40 ${x} ${top - 6})` });
  });
}

function heatCell(value, x, y, width, height, { written, largest, title }) {
  const share = Math.max(-1, Math.min(1, (value ?? 0) / largest));
  const shade = Math.min(SHADES - 1, Math.floor(((share + 1) / 2) * SHADES));
  const label = value === null ? "–" : weightText(value);
  return shape("g", {},
    shape("title", {}, `${title}: ${label}`),
    shape("rect", { x, y, width: width - 1, height: height - 1, class: `shade-${shade}` }),
    ...(written ? [svgText(x + width / 2, y + height / 2 + 3.5, label, { "text-anchor": "middle" })] : []));
}

// At most five characters; a zero is a bare 0, and only a zero is.
function weightText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const label = size < 0.005 ? value.toExponential(0) : size < 100 ? value.toFixed(2) : value.toFixed(0);
  return label.replace("e+", "e").replaceAll("-", "−");
}
