// The launch form's repeated rows: added from a template, removed by a button.
(() => {
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add]");
    if (add) {
      const template = add.parentElement.querySelector("template");
      add.before(template.content.cloneNode(true));
      add.previousElementSibling.querySelector("input").focus();
    }
    const drop = event.target.closest("[data-drop]");
    if (drop) {
      const form = drop.closest("form");
      drop.closest("[data-row]").remove();
      form.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  // Scroll to the first error.
  const showFirst = () => document.querySelector("#launch .is-invalid, #launch .has-error input")?.focus();
  document.addEventListener("htmx:afterSettle", (event) => event.target.id === "launch" && showFirst());
  showFirst();
})();
