// The index of all settings, and the page of each: unpacked when asked for, from this page or,
// on a site, from the files data/c0.js, data/c1.js, ... beside it.

// What is known of all settings; null until `ready` is kept.
let grid = null;

const ready = index();
const chunks = new Map(); // number of a chunk -> promise of its pages
const arrivals = new Map(); // number of a chunk -> what to call with its text

// A file of a site calls this with its packed text.
window.symbreakChunk = (number, text) => arrivals.get(number)(text);

// For a reader's own console, and for tests.
window.symbreak = { ready, page };

async function index() {
  const found = document.getElementById("index");
  if (found) grid = makeGrid(await unpack(found.textContent));
  return grid;
}

async function unpack(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function makeGrid(found) {
  const lengths = found.factors.map((factor) => factor.values.length);
  const decoded = new Map();
  return {
    ...found,
    // An array over the settings; null where a setting is missing.
    column(name) {
      if (!decoded.has(name)) decoded.set(name, column(found.columns[name], found.size));
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

function column(packed, size) {
  if (!packed) return new Array(size).fill(null);
  return packed.all ?? packed.at.map((place) => packed.of[place]);
}

// The promise of setting i's page; null where it is missing or could not be loaded.
async function page(i) {
  await ready;
  const number = Math.floor(i / grid.chunk);
  if (!chunks.has(number)) chunks.set(number, chunkText(number).then(unpack));
  try {
    return (await chunks.get(number))[i % grid.chunk];
  } catch (error) {
    chunks.delete(number); // the next click tries again
    return null;
  }
}

// A classic script may be loaded from disk, too, where `fetch` may not.
function chunkText(number) {
  const inside = document.getElementById(`chunk-${number}`);
  if (inside) return Promise.resolve(inside.textContent);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    arrivals.set(number, resolve);
    script.onerror = reject;
    script.onload = () => script.remove();
    script.src = `data/c${number}.js`;
    document.head.append(script);
  });
}
