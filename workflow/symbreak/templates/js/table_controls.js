// The controls of the table of settings: what they set in the state, and what they say of it.

function buildControls(root) {
  const search = root.querySelector("#settings-search");
  search.addEventListener("input", () => filterBy({ q: search.value }));
  const agrees = root.querySelector("#settings-agrees");
  agrees.append(...options([["", "anything"], ...Object.entries(AGREEMENT)]));
  agrees.addEventListener("change", () => filterBy({ agrees: agrees.value }));
  root.querySelector(".finders").append(...variedFactors().map(factorControl));
  root.querySelector(".chips").append(...verdictControls());
  root.querySelector("#settings-clear").addEventListener("click", () => {
    filterBy({ q: "", verdict: "", agrees: "", only: "" });
    search.focus();
  });
  const save = fileButton("Save as CSV", `${grid.experiment}-settings.csv`, "text/csv", tableCsv);
  save.disabled = true; // until all columns are there
  whole.then(() => { save.disabled = false; });
  root.querySelector("#settings-save").replaceWith(save);
  root.querySelector("#settings-more").addEventListener("click", showMore);
  root.querySelector("tbody").addEventListener("click", openRow);
}

// A filter starts at the first rows again.
function filterBy(values) {
  state.set({ ...values, rows: null });
}

function options(pairs) {
  return pairs.map(([value, text]) => element("option", { value }, text));
}

function factorControl(factor) {
  const select = element("select", { "data-factor": factor.name },
    ...options([["", "any"], ...factor.values.map((value) => [value, value])]));
  select.addEventListener("change", () => {
    const others = listed("only").filter((text) => !text.startsWith(`${factor.name}:`));
    filterBy({ only: (select.value ? [...others, `${factor.name}:${select.value}`] : others).join(",") });
  });
  return element("label", {}, factor.label, select);
}

function verdictControls() {
  const names = grid.words.map((word) => word.name);
  if (table.verdict.includes(null)) names.push("missing");
  return names.map((name) => {
    const box = element("input", { type: "checkbox", value: name });
    box.addEventListener("change", () => {
      const boxes = [...document.querySelectorAll("#settings .chips input:checked")];
      filterBy({ verdict: boxes.map((one) => one.value).join(",") });
    });
    return element("label", {}, box, verdictSign(name === "missing" ? null : name), element("span", { class: "count" }));
  });
}

function buildHead(root) {
  const fixed = grid.factors.filter((factor) => factor.values.length === 1);
  root.querySelector("caption span").textContent = [
    "Broken: the share of broken networks, with its 95 % Wilson interval over the",
    `${countText(grid.replicates, "replicate")} of a setting. Test loss and accuracy: medians.`,
    "Numbers here and in the saved CSV have four digits; verdicts.csv has all.",
    fixed.length ? `Everywhere: ${fixed.map((f) => `${f.label} ${f.values[0]}`).join(", ")}.` : "",
  ].join(" ");
  root.querySelector("thead").insertRow().append(...table.columns.map((column) => {
    const button = element("button", { type: "button" }, column.label,
      element("span", { "aria-hidden": "true" }));
    button.addEventListener("click", () => sortBy(column.name));
    return element("th", { scope: "col", class: column.right ? "right" : null }, button);
  }));
}

// Up, then down, then back to the order of the grid.
function sortBy(name) {
  const next = { [name]: `-${name}`, [`-${name}`]: "" };
  state.set({ sort: next[state.get("sort")] ?? name, rows: null });
}

function showHead() {
  const asked = state.get("sort");
  const heads = [...document.querySelectorAll("#settings thead th")];
  heads.forEach((head, k) => {
    const { name } = table.columns[k];
    const order = { [name]: "ascending", [`-${name}`]: "descending" }[asked];
    if (order) head.setAttribute("aria-sort", order);
    else head.removeAttribute("aria-sort");
    head.querySelector("button span").textContent = { ascending: "↑", descending: "↓" }[order] ?? "";
  });
}

function showControls(found, { verdicts, agrees }) {
  const search = document.getElementById("settings-search");
  if (search.value !== state.get("q")) search.value = state.get("q");
  document.getElementById("settings-agrees").value = agrees;
  const only = new Map(listed("only").map((text) => text.split(":")));
  for (const select of document.querySelectorAll("#settings [data-factor]")) {
    select.value = only.get(select.dataset.factor) ?? "";
  }
  const counts = new Map();
  for (const i of found) {
    const name = table.verdict[i] ?? "missing";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const box of document.querySelectorAll("#settings .chips input")) {
    box.checked = verdicts.includes(box.value);
    const count = counts.get(box.value) ?? 0;
    box.parentElement.querySelector(".count").textContent = count.toLocaleString("en");
    box.parentElement.classList.toggle("unused", !count);
  }
  showCount();
}

function showCount() {
  const number = table.shown.length;
  const missing = table.shown.filter((i) => table.verdict[i] === null).length;
  const all = number === grid.size ? "All" : `${number.toLocaleString("en")} of`;
  const rest = missing ? `, ${missing.toLocaleString("en")} of them missing` : "";
  const line = document.getElementById("settings-count");
  const said = `${all} ${countText(grid.size, "setting")}${rest}`;
  if (line.textContent !== said) line.textContent = said; // what is said again is read again
  const filtered = ["q", "agrees", "verdict", "only"].some((name) => state.get(name));
  document.getElementById("settings-clear").hidden = !filtered;
}

function showMore() {
  const before = rowsWanted();
  state.set({ rows: before + 4 * PAGE_ROWS });
  document.querySelectorAll("#settings tbody tr")[before]?.querySelector("a").focus();
}

// A row is a large target for its link; marking text and clicking the link itself stay as they are.
function openRow(event) {
  const row = event.target.closest("tr");
  if (!row || event.target.closest("a") || String(getSelection())) return;
  row.querySelector("a").click();
}

// Rows of values as CSV: quoted where needed, empty where there is no value.
function toCsv(rows) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}

// Every column of verdicts.csv, in four digits, of all settings found, in the order shown.
function tableCsv() {
  const rows = table.shown.map((i) => {
    const labels = new Map(grid.labels(i).map((label, k) => [grid.factors[k].name, label]));
    return grid.header.map((name) => labels.get(name) ?? grid.column(name)[i]);
  });
  return toCsv([grid.header, ...rows]);
}
