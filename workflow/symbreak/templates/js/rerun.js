// The config of one setting, the command that runs it again, and its numbers as files.

// A name of its own, of at most 64 letters: a run of it leaves the experiment's results alone.
function rerunName(i) {
  let digest = 0x811c9dc5; // FNV-1a, 32 bits
  for (const byte of new TextEncoder().encode(grid.id(i))) {
    digest = Math.imul(digest ^ byte, 0x01000193) >>> 0;
  }
  return `${grid.experiment.slice(0, 46)}-setting-${digest.toString(16).padStart(8, "0")}`;
}

function configText(i) {
  return grid.configOf(i, rerunName(i));
}

function commandText(i) {
  return `snakemake --cores 4 --configfile ${rerunName(i)}.yaml`;
}

// `other` is the setting beside it: lines that differ from its config are marked.
function rerunSection(i, found, other = null) {
  const name = rerunName(i);
  const same = other === null ? null : configText(other).split("\n");
  const lines = configText(i).split("\n").slice(0, -1).flatMap((line, n) =>
    [same && n && same[n] !== line ? element("mark", {}, line) : line, "\n"]);
  return element("section", { class: "rerun" },
    element("h4", {}, "Run this setting again"),
    element("p", {}, "Save the config as ", element("code", {}, `${name}.yaml`),
      " in the project's folder and run the command. It trains the same networks, bit for bit" +
      `${grid.labels(i).includes("blas") ? " on the same machine" : ""}: compare the weight ` +
      "checksums in ", element("code", {}, "networks.parquet"), ". The experiment's own results " +
      "stay as they are."),
    element("pre", { tabindex: "0" }, element("code", {}, ...lines)),
    element("p", { class: "actions" }, copyButton("Copy config", () => configText(i)),
      fileButton("Save config", `${name}.yaml`, "text/yaml", () => configText(i))),
    element("pre", { tabindex: "0" }, element("code", {}, commandText(i))),
    element("p", { class: "actions" }, copyButton("Copy command", () => commandText(i)),
      fileButton("Save numbers (JSON)", `${name}.json`, "application/json",
        () => `${JSON.stringify(numbersOf(i, found), null, 1)}\n`),
      ...(found ? [fileButton("Save distances (CSV)", `${name}-distances.csv`, "text/csv",
        () => distancesCsv(found))] : [])),
    found ? element("p", { class: "note" }, `Distances are saved as drawn, within ${distanceError(found)} %; ` +
      "the table ", element("code", {}, "distances"), " of the published site has all their digits.") : "");
}

// Everything that the page shows of a setting.
function numbersOf(i, found) {
  const labels = grid.labels(i);
  const names = Object.keys(grid.columns);
  return {
    experiment: grid.experiment,
    setting: Object.fromEntries(grid.factors.map((factor, k) => [factor.name, labels[k]])),
    verdict: Object.fromEntries(names.map((name) => [name, grid.column(name)[i]])),
    steps: grid.steps,
    drawn: found && { rounded: "to 8 bits, for drawing; sentences are exact", ...found },
  };
}

// What is drawn, in the digits that it has, and by how many percent it may be off.
function distancesCsv(found) {
  const ends = ["low", "median", "high"];
  const digits = (value) => (value === null ? "" : Number(value.toPrecision(3)));
  const rows = grid.steps.map((step, n) =>
    [step, ...ends.map((end) => digits(found.distance[end][n])), distanceError(found)]);
  return [["step", ...ends, "rounded_within_percent"], ...rows].map((row) => `${row.join(",")}\n`).join("");
}
