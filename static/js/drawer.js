// The activity drawer: my running and recent operations, next to any page.
(() => {
  const drawer = document.getElementById("activity");
  const button = document.getElementById("activity-button");
  if (!drawer || !button) return;

  const refresh = () => window.htmx?.trigger(drawer.querySelector("#activity-list"), "berth:refresh");
  const show = (focus) => {
    drawer.hidden = false;
    button.setAttribute("aria-expanded", "true");
    refresh();
    if (focus) drawer.focus();
  };
  const hide = () => {
    const inside = drawer.contains(document.activeElement);
    drawer.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus();
  };

  button.addEventListener("click", () => (drawer.hidden ? show(true) : hide()));
  drawer.addEventListener("click", (event) => event.target.closest("[data-close]") && hide());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !drawer.hidden && !document.querySelector("dialog[open]")) hide();
  });
  document.addEventListener("berth:activity", () => (drawer.hidden ? show(true) : hide()));
  // Slow operations (a pull, a commit) show their progress at once, if there is room.
  document.addEventListener("berth:accepted", (event) => {
    if (event.detail.slow && innerWidth >= 992) show(false);
    else if (!drawer.hidden) refresh();
  });

  // Copy buttons: data-copy="#id of the element to copy".
  document.addEventListener("click", async (event) => {
    const copier = event.target.closest("[data-copy]");
    if (!copier) return;
    const text = document.querySelector(copier.dataset.copy)?.textContent ?? "";
    await navigator.clipboard.writeText(text.trim());
    window.berth.say(gettext("Copied"));
  });
})();
