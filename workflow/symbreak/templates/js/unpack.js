// The pages of a chunk out of its bytes; `packing.py` says how they were packed.

const PACKING = { octave: 8, largest: 127, shades: 63, top: 254, unknown: 255 };

// Reads streams one after the other: `take(n)` gives the next n bytes.
function reader(bytes) {
  let at = 0;
  return { take: (count) => bytes.subarray(at, (at += count)) };
}

function chunkPages(bytes, first) {
  const decode = (part) => JSON.parse(new TextDecoder().decode(part));
  const line = bytes.indexOf(10);
  const lengths = decode(bytes.subarray(0, line));
  const whole = reader(bytes.subarray(line + 1));
  const [shapes, low, high, distances, paths, before, after, activations, texts, numbers] =
    lengths.map((length) => whole.take(length));
  const streams = {
    distances: reader(distances), paths: reader(paths), before: reader(before),
    after: reader(after), activations: reader(activations),
  };
  const count = shapes.length / 3;
  const known = low.length / 6;
  const sentences = decode(texts).map(readSentences);
  const values = decode(numbers);
  const pages = [];
  let place = 0;
  for (let i = 0; i < count; i++) {
    const [layer, steps, rows] = [0, 1, 2].map((part) => shapes[part * count + i]);
    if (!layer) {
      pages.push(null);
      continue;
    }
    const scales = [0, 1, 2, 3, 4, 5].map(
      (part) => ((high[part * known + place] << 24) >> 16) + low[part * known + place]);
    const texts = sentences.map((list) => list[place]);
    pages.push(readPage(first + i, { layer, steps, rows }, scales, streams, texts, values[place]));
    place += 1;
  }
  return pages;
}

function readPage(i, shape, scales, streams, texts, values) {
  const hidden = grid.labels(i)[grid.factors.findIndex((factor) => factor.name === "hidden")]
    .split("-").map(Number);
  const units = hidden[shape.layer - 1];
  const names = parameterNames(hidden, shape.layer);
  const [least, most, ...sizes] = scales;
  const checkpoints = grid.steps.length;
  const [low, median, high] = [0, 1, 2].map(() =>
    sums(streams.distances.take(checkpoints)).map((code) => distanceOf(code, least, most)));
  const kept = keptOf(shape.steps, grid.points);
  const paths = times(units, () => times(2, () =>
    sums(streams.paths.take(kept.length)).map((code) => signedOf(code << 24 >> 24, sizes[0]))));
  const weights = (stream, size) => times(units, () =>
    Array.from(stream.take(names.length), (code) => signedOf(code - 128, size)));
  const q = grid.properties.length;
  return {
    layer: shape.layer, layers: hidden.length, replicate: 0, distance: { low, median, high },
    distanceError: 2 ** (Math.max(1, most - least) / (PACKING.top - 1) / PACKING.octave / 2) - 1,
    paths: {
      points: kept.map((_, c) => paths.map(([x, y]) => [x[c], y[c]])),
      steps: kept.map((c) => grid.steps[c]), share: values[0],
    },
    weights: {
      names, before: weights(streams.before, sizes[1]), after: weights(streams.after, sizes[2]),
    },
    activations: times(units, () => sums(streams.activations.take(shape.rows))
      .map((code) => signedOf(code << 24 >> 24, sizes[3], PACKING.shades))),
    learned: {
      shares: values.slice(1, 1 + q), units: values.slice(1 + q, 1 + 2 * q),
      ...Object.fromEntries(
        ["mean", "low", "high"].map((end) => [end, grid.column(`neglected_${end}`)[i]])),
    },
    texts: Object.fromEntries(
      ["distance", "paths", "weights", "activations", "learned"].map((kind, k) => [kind, texts[k]])),
  };
}

function times(count, make) {
  return Array.from({ length: count }, (_, i) => make(i));
}

// The codes whose differences these bytes are.
function sums(bytes) {
  let last = 0;
  return Array.from(bytes, (byte) => (last = (last + byte) & 255));
}

function distanceOf(code, least, most) {
  if (code === 0) return 0;
  if (code === PACKING.unknown) return null;
  return 2 ** ((least + ((code - 1) / (PACKING.top - 1)) * Math.max(1, most - least)) / PACKING.octave);
}

function signedOf(code, size, largest = PACKING.largest) {
  return code === -128 ? null : (code / largest) * 2 ** (size / PACKING.octave);
}

// At most so many of `count` checkpoints, evenly spaced, first and last among them.
function keptOf(count, most) {
  const some = Math.min(count, most);
  if (some < 2) return times(some, (i) => i);
  return times(some, (i) => Math.floor((2 * i * (count - 1) + some - 1) / (2 * (some - 1))));
}

// The entries of a neuron vector: incoming weights, bias, outgoing weights.
function parameterNames(hidden, layer) {
  const from = layer === 1 ? grid.features : times(hidden[layer - 2], (i) => `from ${i + 1}`);
  const to = layer < hidden.length ? times(hidden[layer], (i) => `to ${i + 1}`) : ["output"];
  return [...from, "bias", ...to];
}

// Sentences from their frames: each form feed takes the next number.
function readSentences([frames, frameOf, columns]) {
  const numbers = columns.map((places) => places.map((column) => column.split(" ")));
  const next = frames.map(() => 0);
  return frameOf.map((frame) => {
    const row = next[frame]++;
    let place = 0;
    return frames[frame].replaceAll("\f", () => numbers[frame][place++][row]);
  });
}
