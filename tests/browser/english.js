// What is English in a page: three words of Latin letters in a row, where people read, and not what a
// machine or a person said. Takes names that no language changes.
(names) => {
  const machines = "code, pre, kbd, samp, script, style, svg, textarea, template, noscript, .mono, .tree, .log, .command, [lang]:not(html), .xterm, .tile-text, .prose";
  const attributes = ["title", "aria-label", "placeholder", "alt", "data-title", "data-confirm", "data-confirm-action", "data-confirm-detail"];
  const PODMAN = /imported from tarball|short-name "[^"]*" did not resolve.*|RUN .*|while running runtime: exit status \d+/g; // its own words stay
  const found = new Set();
  const look = (text) => {
    for (const name of names) text = text.replaceAll(name, "");
    text = text.replace(/`[^`]*`/g, "").replace(PODMAN, "");
    if (/[A-Za-z][A-Za-z'’]+[ ,;:]+[A-Za-z][A-Za-z'’]*[ ,;:]+[A-Za-z][A-Za-z'’]+/.test(text)) found.add(text.trim().slice(0, 120));
  };
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, textContent } = walker.currentNode;
    if (!parentElement.closest(machines)) look(textContent);
  }
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(machines)) continue;
    for (const attribute of attributes) if (element.hasAttribute(attribute)) look(element.getAttribute(attribute));
  }
  return [...found];
}
