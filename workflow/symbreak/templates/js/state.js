// What the screen shows, all of it in the address: a link brings back the same screen.
// Each property has a default, which the address leaves out, and its text there.

const TEXT = { default: "", parse: (value) => value, text: (value) => value };
const FLAG = { default: false, parse: (value) => value === "1", text: (value) => (value ? "1" : "") };
const WHOLE = {
  default: null,
  parse: (value) => (/^\d+$/.test(value) ? Number(value) : null),
  text: (value) => (value === null ? "" : String(value)),
};

const STATE = [
  { name: "model", ...TEXT }, // of the matrix: "tanh,6"; empty: the open setting's, or the first
  { name: "setting", ...TEXT }, // the setting whose page is open: its id
  { name: "beside", ...TEXT }, // the setting that stands beside it
  { name: "step", ...WHOLE }, // the training step of the replay; null: the last
  { name: "q", ...TEXT }, // of the table: words to search for, order, verdicts to keep
  { name: "sort", ...TEXT },
  { name: "verdict", ...TEXT },
  { name: "agrees", ...TEXT }, // what the theory says of the settings to keep
  { name: "only", ...TEXT }, // values of factors to keep: "init:normal,activation:tanh"
  { name: "rows", ...WHOLE }, // how many rows are shown; null: the first page
  { name: "predict", ...FLAG }, // verdicts are hidden until the reader has guessed
  { name: "by", ...TEXT }, // who guessed, if they say so
  { name: "guesses", ...TEXT }, // last in a link, so that a link cut off is known by them
  { name: "seen", ...TEXT }, // settings that the reader has revealed
];
// What a link to a setting ends, unless it says otherwise.
const ENDED = { setting: ["beside", "step", "model"], beside: ["step"] };
const WAIT = 150; // ms until a changed property is in the address: browsers allow few writes

const state = makeState();

function makeState() {
  let values = parseHash(location.hash);
  const listeners = [];
  let waiting = 0;

  function notify(before) {
    const changed = new Set(STATE.map((p) => p.name).filter((n) => values[n] !== before[n]));
    if (changed.size) listeners.forEach((listener) => listener(values, changed));
  }
  function write(push) {
    clearTimeout(waiting);
    const address = hashOf(values) || location.pathname + location.search;
    if (push) history.pushState(null, "", address);
    else waiting = setTimeout(() => history.replaceState(null, "", address), WAIT);
  }
  addEventListener("hashchange", () => adopt(parseHash(location.hash)));
  addEventListener("popstate", () => adopt(parseHash(location.hash)));
  function adopt(found) {
    clearTimeout(waiting);
    const before = values;
    values = found;
    notify(before);
  }
  return {
    get: (name) => values[name],
    // Another setting is another entry of the browser's history; all else replaces this one.
    set(changes) {
      const before = values;
      values = { ...values, ...changes };
      if (hashOf(values) === hashOf(before)) return;
      write(["setting", "beside"].some((name) => values[name] !== before[name]));
      notify(before);
    },
    subscribe: (listener) => listeners.push(listener),
  };
}

function parseHash(hash) {
  return { ...Object.fromEntries(STATE.map((p) => [p.name, p.default])), ...changesOf(hash) };
}

// The properties that a hash names; none of a plain anchor such as "#matrix".
function changesOf(hash) {
  const found = {};
  for (const part of hash.slice(1).split("&")) {
    const [name, ...rest] = part.split("=");
    const property = STATE.find((p) => p.name === name);
    if (property && rest.length) found[name] = property.parse(decoded(rest.join("=")));
  }
  return found;
}

function decoded(value) {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a lone % in an address typed by hand
  }
}

function hashOf(values) {
  const parts = STATE.filter((p) => p.name in values && values[p.name] !== p.default)
    .map((p) => `${p.name}=${encoded(p.text(values[p.name]))}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

// Slashes and commas stay readable.
function encoded(value) {
  return encodeURIComponent(value).replace(/%2F/g, "/").replace(/%2C/g, ",");
}

// The address of a setting's page, with another beside it if wanted.
function settingHash(id, beside = "") {
  return hashOf({ setting: id, beside });
}

// A link changes what it names and keeps the rest of the screen.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]');
  const plainClick = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (!link || !plainClick || event.defaultPrevented) return;
  const hash = link.getAttribute("href");
  const changes = changesOf(hash);
  if (Object.keys(changes).length) {
    event.preventDefault();
    const ended = Object.keys(changes).flatMap((name) => ENDED[name] ?? []);
    const defaults = STATE.filter((p) => ended.includes(p.name));
    state.set({ ...Object.fromEntries(defaults.map((p) => [p.name, p.default])), ...changes });
    if (changes.setting) goToSetting();
  } else if (location.hash.includes("=")) {
    event.preventDefault();
    goTo(document.getElementById(decoded(hash.slice(1))));
  }
});

// Bring an element into view and put the focus there, as a plain anchor does.
function goTo(element) {
  if (!element) return;
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.scrollIntoView();
  element.focus({ preventScroll: true });
}
