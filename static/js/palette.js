// The command palette: the server searches; this moves the selection and opens it.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const field = dialog.querySelector("input");
  const results = document.getElementById("palette-results");
  const items = () => [...results.querySelectorAll("[role=option]")];

  const select = (item) => {
    for (const each of items()) each.setAttribute("aria-selected", String(each === item));
    if (item) {
      field.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  };
  const open = () => {
    if (dialog.open) return;
    dialog.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      document.querySelector("dialog[open]:not(#palette)")?.close();
      open();
    }
  });
  // However it was opened, start with an empty search and its results.
  new MutationObserver(() => {
    if (!dialog.open) return;
    field.value = "";
    field.focus();
    window.htmx.trigger(field, "berth:find");
  }).observe(dialog, { attributes: true, attributeFilter: ["open"] });

  dialog.addEventListener("htmx:afterSwap", () => select(items()[0]));
  field.addEventListener("keydown", (event) => {
    const all = items();
    const at = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") select(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") select(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "Enter") all[at]?.click();
    else return;
    event.preventDefault();
  });
  results.addEventListener("click", (event) => event.target.closest("button[role=option]") && dialog.close());
})();
