// The index of all settings, and the page of each: unpacked when asked for, from this page or,
// on a site, from the files data/c0.js, data/c1.js, ... beside it.

// What is known of all settings; null until `ready` is kept.
let grid = null;

const chunks = new Map(); // number of a chunk -> promise of its pages
const arrivals = new Map(); // name of a file -> what to call with its text

// `ready` keeps the grid with the columns that are shown first, `whole` with all of them.
const ready = readIndex();
const whole = ready.then(readColumns);

// For a reader's own console, and for tests.
window.symbreak = { ready, whole, page };

// A file of a site calls this with its packed text.
window.symbreakFile = (name, text) => arrivals.get(name)(text);

async function readIndex() {
  if (!document.getElementById("pack-index")) return null;
  grid = makeGrid(await unpackJson(await packedText("index")));
  return grid;
}

async function readColumns() {
  if (grid) Object.assign(grid.columns, await unpackJson(await packedText("columns")));
  return grid;
}

async function unpack(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream);
}

async function unpackJson(text) {
  return (await unpack(text)).json();
}

// What was packed under a name: an element of this page, or a file beside it. A classic script may
// be loaded from disk, too, where `fetch` may not.
function packedText(name) {
  const inside = document.getElementById(`pack-${name}`);
  if (inside) return Promise.resolve(inside.textContent);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    arrivals.set(name, resolve);
    script.onerror = reject;
    script.onload = () => script.remove();
    script.src = `data/${name}.js`;
    document.head.append(script);
  });
}

function makeGrid(found) {
  const lengths = found.factors.map((factor) => factor.values.length);
  const decoded = new Map();
  return {
    ...found,
    // An array over the settings; null where a setting is missing, or the column has not come yet.
    column(name) {
      const packed = found.columns[name];
      if (!packed) return new Array(found.size).fill(null);
      if (!decoded.has(name)) {
        decoded.set(name, packed.all ?? packed.at.map((place) => packed.of[place]));
      }
      return decoded.get(name);
    },
    // The place of each factor's value, of setting i.
    values(i) {
      const places = [];
      for (const length of [...lengths].reverse()) {
        places.unshift(i % length);
        i = Math.floor(i / length);
      }
      return places;
    },
    index(values) {
      return values.reduce((i, value, k) => i * lengths[k] + value, 0);
    },
    id(i) {
      return this.labels(i).join("/");
    },
    labels(i) {
      return this.values(i).map((value, k) => found.factors[k].values[value]);
    },
    // The setting of an id; -1 where the grid has none.
    find(id) {
      const labels = id.split("/");
      const values = found.factors.map((factor, k) => factor.values.indexOf(labels[k]));
      const known = labels.length === values.length && !values.includes(-1);
      return known ? this.index(values) : -1;
    },
    // The config of setting i alone, as a file's text; its experiment is called `name`.
    configOf(i, name) {
      const places = this.values(i);
      const texts = Object.fromEntries(
        found.factors.map((factor, k) => [factor.name, factor.yaml[places[k]]]));
      return found.config.replace(/\{\{(\w+)\}\}/g, (_, key) => key === "name" ? name : texts[key]);
    },
  };
}

// The promise of setting i's page; null where it is missing, or not in this file (`grid.held` tells
// how many are), or could not be loaded.
async function page(i) {
  await whole;
  if (i < 0 || i >= grid.held) return null;
  const number = Math.floor(i / grid.chunk);
  if (!chunks.has(number)) chunks.set(number, readChunk(number));
  try {
    return (await chunks.get(number))[i % grid.chunk];
  } catch (error) {
    chunks.delete(number); // the next click tries again
    return null;
  }
}

async function readChunk(number) {
  const bytes = await (await unpack(await packedText(`c${number}`))).arrayBuffer();
  return chunkPages(new Uint8Array(bytes), number * grid.chunk);
}
