// The replay: a slider over the checkpoints, and play, which moves everything that follows it.

const PACE = 280; // ms from one checkpoint to the next
const CALM = 700; // where motion is not wanted: one checkpoint after the other, nothing between

let playing = 0; // what stops when a new page is drawn

function replay(followers) {
  const last = grid.steps.length - 1;
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, id: "replay" });
  const reading = element("output", { for: "replay" });
  const play = button("Play", () => (playing ? stop() : start()), { class: "play" });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function show(at) {
    const step = grid.steps[Math.round(at)];
    const label = `step ${step.toLocaleString("en")} of ${grid.steps[last].toLocaleString("en")}`;
    slider.value = Math.round(at);
    slider.setAttribute("aria-valuetext", label);
    reading.textContent = label;
    followers.forEach((follow) => follow(at));
  }
  function keep() {
    const n = Number(slider.value);
    state.set({ step: n === last ? null : grid.steps[n] });
  }
  function start() {
    let at = Number(slider.value) >= last ? 0 : Number(slider.value);
    let before = performance.now();
    play.textContent = "Pause";
    const turn = Symbol("turn");
    playing = turn;
    const frame = (now) => {
      if (playing !== turn || !play.isConnected) return;
      const passed = Math.max(0, now - before); // a frame's time may lie before the click's
      at += calm ? Math.floor(passed / CALM) : passed / PACE;
      before = calm ? before + passed - (passed % CALM) : before + passed;
      show(Math.min(at, last));
      if (at >= last) stop();
      else requestAnimationFrame(frame);
    };
    show(at);
    requestAnimationFrame(frame);
  }
  function stop() {
    playing = 0;
    play.textContent = "Play";
    show(Number(slider.value));
    keep();
  }
  slider.addEventListener("input", () => {
    playing = 0;
    play.textContent = "Play";
    show(Number(slider.value));
    keep();
  });
  show(placeOfStep(state.get("step")));
  return { show, node: element("div", { class: "replay" }, play,
    element("label", { for: "replay" }, "Replay"), slider, reading) };
}

// The checkpoint of a training step, or the nearest before it; the last one without a step.
function placeOfStep(step) {
  if (step === null) return grid.steps.length - 1;
  return Math.max(0, grid.steps.findLastIndex((one) => one <= step));
}
