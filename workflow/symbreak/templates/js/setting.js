// The page of a setting under the matrix, or two settings side by side: what the address names.

ready.then(() => grid && startSetting());

let asked = 0; // only the page that was asked for last is drawn
let replaying = null;

function startSetting() {
  state.subscribe((_, changed) => {
    if (changed.has("setting") || changed.has("beside")) showSettings();
    else if (changed.has("step") && replaying) replaying.show(placeOfStep(state.get("step")));
  });
  linkSettings(document);
  showSettings().then(() => state.get("setting") && goToSetting());
}

// Where the page names a setting, the name becomes a link to its page.
function linkSettings(root) {
  for (const place of root.querySelectorAll("[data-setting]")) {
    const { setting, beside = "" } = place.dataset;
    if (grid.find(setting) < 0) continue;
    // Its text only: words of it may be links to the glossary, and links do not nest.
    const made = element("a", { href: settingHash(setting, beside) }, place.textContent);
    place.replaceChildren(made);
  }
}

function goToSetting() {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const title = document.getElementById("setting-title");
  title.focus({ preventScroll: true });
  document.getElementById("setting")
    .scrollIntoView({ behavior: calm ? "instant" : "smooth", block: "start" });
}

async function showSettings() {
  const turn = (asked += 1);
  const ids = [state.get("setting"), state.get("beside")].filter(Boolean);
  const places = ids.map((id) => grid.find(id));
  const found = places.includes(-1) ? [] : await Promise.all(places.map(page));
  if (turn !== asked) return;
  const focused = document.activeElement?.id;
  replaying = null;
  const [title, ...children] = pageOf(ids, places, found);
  document.getElementById("setting-title").textContent = title;
  document.getElementById("setting-page").replaceChildren(...children);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function pageOf(ids, places, found) {
  if (!ids.length) {
    return ["A setting's page", element("p", { class: "note" },
      "Choose a cell: its page opens here.")];
  }
  const unknown = places.indexOf(-1);
  if (unknown >= 0) {
    return ["No such setting", element("p", {}, "This experiment has no setting ",
      element("code", {}, ids[unknown]), "."), toolbar()];
  }
  return places.length > 1 ? comparePage(places, found) : singlePage(places[0], found[0]);
}

function singlePage(i, found) {
  const [near] = flips(i);
  return [
    shortLabel(i),
    toolbar(near && button("Compare side by side", () => state.set({ beside: grid.id(near.index) }),
      { id: "compare" })),
    settingHead(i, "setting"), flipSection(i),
    ...(found ? [figures([drawings(i, found, sharedScales([found]))])] : [missingNote(i)]),
    rerunSection(i, found),
  ];
}

// Why there is no page: another file holds it, or there is no result.
function missingNote(i) {
  if (i >= grid.held && grid.place) {
    return element("p", {}, "This file has no room for the figures of this setting: ",
      element("a", { href: grid.place + location.hash }, "the site beside it"), " holds all.");
  }
  return element("p", {}, "There are no networks of this setting: its run is missing or failed, or " +
    "its numbers could not be read. Its config is below.");
}

function toolbar(...buttons) {
  return element("p", { class: "actions" }, ...buttons.filter(Boolean),
    copyButton("Copy link", () => location.href),
    button("Close", () => {
      state.set({ setting: "", beside: "", step: null, model: modelText() });
      goTo(currentCell());
    }, { id: "close" }));
}

// The verdict with its share, prediction and reason, and a choice of each factor's value.
function settingHead(i, property) {
  const value = (name) => grid.column(name)[i];
  const verdict = value("verdict");
  if (verdict === null) {
    return element("header", { class: "setting-head" }, element("p", { class: "ruled" },
      verdictSign(null)), factorChoices(i, property));
  }
  const few = value("distinct_min") === value("distinct_max") ? value("distinct_min")
    : `${value("distinct_min")} to ${value("distinct_max")}`;
  return element("header", { class: "setting-head" },
    element("p", { class: "ruled" }, verdictSign(verdict), " ",
      element("span", {}, verdict === "mixed" ? `${countsText(value("shares"))}: ${shareText(i)}`
        : shareText(i))),
    factorChoices(i, property),
    element("p", {}, `${theoryText(i)} `, value("rule") ? element("b", {}, `${upper(value("rule"))}. `)
      : "", value("reason") ?? ""),
    element("p", { class: "muted" }, `Distinct neurons ${few}. Median test loss ` +
      `${spread(i, "loss_median")} nats, accuracy ${spread(i, "accuracy_median")}; ` +
      `${value("neglected_mean") === null ? "" : `${spread(i, "neglected_mean", "neglected")} ` +
      "properties neglected on average; "}95 % intervals over the seeds.`));
}

function upper(name) {
  return name[0].toUpperCase() + name.slice(1);
}

// A number with its interval, as in 0.31 (0.30–0.33).
function spread(i, name, ends = name) {
  const [middle, low, high] = [name, `${ends}_low`, `${ends}_high`]
    .map((column) => numberText(grid.column(column)[i]));
  return low === high ? middle : `${middle} (${low}–${high})`;
}

// A list of values for each factor that has several; another value opens that setting.
function factorChoices(i, property) {
  const values = grid.values(i);
  const fields = grid.factors.map((factor, k) => {
    if (factor.values.length < 2) return "";
    const select = element("select", { id: `${property}-${factor.name}` },
      ...factor.values.map((label, n) => element("option", { selected: n === values[k] }, label)));
    select.addEventListener("change", () => {
      const chosen = values.map((value, n) => (n === k ? select.selectedIndex : value));
      state.set({ [property]: grid.id(grid.index(chosen)), ...(property === "setting" && { model: "" }) });
    });
    return element("div", {}, element("label", { for: select.id }, factor.label), select);
  });
  return element("div", { class: "factors" }, ...fields);
}

// Say in a figure, and in the names of its parts, which side it is of.
function nameSide(node, label, side) {
  node.prepend(label);
  for (const part of node.querySelectorAll("[role=region], caption span")) {
    if (part.hasAttribute("aria-label")) part.ariaLabel += `, ${side}`;
    else part.append(`, ${side}`);
  }
}

// The figures of one setting or two, a row of the same figure of each, under one replay.
function figures(sides, labels = []) {
  const followers = sides.flat().map((drawing) => drawing.follow).filter(Boolean);
  const body = element("div", { class: sides.length > 1 ? "figures-beside" : "figures-one" });
  sides[0].forEach((_, k) => sides.forEach((side, n) => {
    if (labels[n]) nameSide(side[k].node, labels[n](), "AB"[n]);
    body.append(side[k].node);
  }));
  const parts = [body];
  if (grid.steps.length > 1 && followers.length) {
    replaying = replay(followers);
    parts.unshift(replaying.node);
  }
  return element("section", { class: "drawn-figures" }, ...parts);
}
