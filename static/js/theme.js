// The theme: light, dark, or the system's. Runs before the first paint, so nothing flashes.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const choice = () => localStorage.getItem("berth-theme") || "system";
  const apply = () => {
    const dark = choice() === "dark" || (choice() === "system" && system.matches);
    document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
  };
  apply();
  system.addEventListener("change", apply);
  addEventListener("storage", apply);

  const mark = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      const chosen = button.dataset.themeChoice === choice();
      button.classList.toggle("active", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
  };
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    localStorage.setItem("berth-theme", button.dataset.themeChoice);
    apply();
    mark();
    document.dispatchEvent(new CustomEvent("berth:theme"));
  });
})();
