// Texts to copy: every <pre> and every quoted paragraph gets a button that says what it did.

function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).catch(() => copyByHand(text));
  return Promise.resolve(copyByHand(text));
}

// Where the browser keeps its clipboard from pages that open from disk.
function copyByHand(text) {
  const field = document.body.appendChild(document.createElement("textarea"));
  field.value = text;
  field.className = "quiet";
  field.select();
  document.execCommand("copy");
  field.remove();
}

function copyable(block) {
  if (block.parentNode.classList.contains("copied")) return;
  const frame = document.createElement("div");
  const button = document.createElement("button");
  frame.className = "copied";
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(block.textContent).then(() => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }));
  block.before(frame);
  frame.append(button, block);
}

document.querySelectorAll("pre, .quoted").forEach(copyable);
