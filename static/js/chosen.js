// Selecting several rows: the checkbox in the table's head, and buttons that need a selection.
(() => {
  const boxes = () => [...document.querySelectorAll("main input[type=checkbox][form=bulk]")];
  const sync = () => {
    const all = boxes();
    const chosen = all.filter((box) => box.checked).length;
    for (const button of document.querySelectorAll("[data-chosen]")) button.disabled = !chosen;
    const head = document.querySelector("[data-choose-all]");
    if (!head) return;
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) for (const box of boxes()) box.checked = event.target.checked;
    sync();
  });

  // A live table is sometimes rendered again. The selection stays.
  let kept = new Set();
  document.addEventListener("htmx:beforeSwap", () => {
    kept = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const box of boxes()) if (kept.has(box.value)) box.checked = true;
    sync();
  });
  document.addEventListener("berth:accepted", (event) => {
    if (event.target.id !== "bulk") return;
    for (const box of boxes()) box.checked = false;
    sync();
  });

  // With scripts, a dialog replaces the link.
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[data-instead]") && !event.ctrlKey && !event.metaKey) event.preventDefault();
  });
})();
