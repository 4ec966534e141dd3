// Where one is: the contents mark the section that crosses the upper third of the window.

function markSection() {
  const links = new Map([...document.querySelectorAll(".contents a")]
    .map((link) => [link.hash.slice(1), link]));
  const strip = document.querySelector(".contents");
  const mark = (id) => {
    for (const [name, link] of links) {
      if (name === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const link = links.get(id); // scrolls the strip alone, never the page
    if (strip.scrollWidth > strip.clientWidth) {
      strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) mark(entry.target.id);
  }, { rootMargin: "-20% 0px -79% 0px" });
  for (const id of links.keys()) {
    const target = document.getElementById(id);
    if (target) seen.observe(target);
  }
}

markSection();
