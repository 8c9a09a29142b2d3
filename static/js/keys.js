// Shortcuts: `g` and a letter open a page, `a` the activity drawer, `/` the list's search, `?` help.
(() => {
  let going = 0;
  const typing = (target) => target.closest("input, textarea, select, [contenteditable], .xterm, dialog[open]");

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector("details.dropdown[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (Date.now() - going < 1500) {
      going = 0;
      const link = [...document.querySelectorAll("[data-go]")].find((each) => each.dataset.go === event.key);
      if (link) {
        event.preventDefault();
        location.href = link.href;
        return;
      }
    }
    const search = document.querySelector("main input[type=search]");
    if (event.key === "g") going = Date.now();
    else if (event.key === "?") document.getElementById("keys-dialog").showModal();
    else if (event.key === "a") document.dispatchEvent(new CustomEvent("berth:activity"));
    else if (event.key === "/" && search) search.focus();
    else return;
    event.preventDefault();
  });

  // data-open="id" opens a dialog. data-close within it, or a click outside, closes it.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    for (const menu of document.querySelectorAll("details.dropdown[open]")) menu.open = menu.contains(event.target);
    event.target.closest("[data-close]")?.closest("dialog")?.close();
    if (event.target.matches("dialog#keys-dialog, dialog#palette")) event.target.close();
  });
})();
