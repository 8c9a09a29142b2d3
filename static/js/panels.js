// Pages about one container or image: panels with data from the engine and their retry, dialogs that
// close once a request is accepted, and the tree of inspect data.
(() => {
  const failed = (panel, text) => {
    const words = document.createElement("p");
    words.className = "empty-title";
    words.textContent = text;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.dataset.retry = "";
    button.textContent = gettext("Try again");
    const box = document.createElement("div");
    box.className = "empty";
    box.setAttribute("role", "alert");
    box.append(words, button);
    panel.replaceChildren(box);
    panel.setAttribute("aria-busy", "false");
  };
  const panelOf = (event) => event.detail.target?.closest?.("[data-panel]");

  document.addEventListener("htmx:beforeRequest", (event) => panelOf(event)?.setAttribute("aria-busy", "true"));
  // Also after a form in a panel, whose response swaps nothing.
  document.addEventListener("htmx:afterRequest", (event) => panelOf(event)?.setAttribute("aria-busy", "false"));
  document.addEventListener("htmx:sendError", (event) => {
    const panel = panelOf(event);
    if (panel) failed(panel, gettext("The console did not answer."));
  });
  document.addEventListener("htmx:responseError", (event) => {
    const panel = panelOf(event);
    if (panel) failed(panel, interpolate(gettext("The console answered with status %(status)s."), { status: event.detail.xhr.status }, true));
  });

  document.addEventListener("click", (event) => {
    const retry = event.target.closest("[data-retry]");
    if (retry) window.htmx.trigger(retry.closest("[data-panel]"), "berth:retry");

    const shower = event.target.closest("[data-show]");
    if (shower) {
      for (const button of shower.parentElement.querySelectorAll("[data-show]")) {
        const chosen = button === shower;
        button.classList.toggle("active", chosen);
        button.setAttribute("aria-pressed", String(chosen));
        document.getElementById(button.dataset.show).hidden = !chosen;
      }
    }
  });

  // A filter keeps the rows that contain the text, and their ancestors.
  document.addEventListener("input", (event) => {
    const id = event.target.dataset?.filter;
    if (!id) return;
    const wanted = event.target.value.toLowerCase();
    const path = [];
    for (const line of document.getElementById(id).querySelectorAll(".tree-line")) {
      const depth = Number(/depth-(\d+)/.exec(line.className)[1]);
      path[depth] = line;
      const matches = line.textContent.toLowerCase().includes(wanted);
      line.hidden = !matches;
      if (matches) for (let up = 0; up < depth; up += 1) path[up].hidden = false;
    }
  });

  // Clear the form once it is accepted, especially passwords.
  document.addEventListener("berth:accepted", (event) => {
    const dialog = event.target.closest?.("dialog");
    if (event.target.matches?.("form") && (dialog || event.target.querySelector("[type=password]"))) event.target.reset();
    dialog?.close();
  });

  // An invalid form responds with 422 and itself, with errors at their fields.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status !== 422 || !event.detail.serverResponse) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });

  // The live header knows the container's current name. Update the dialogs beside it.
  document.addEventListener("htmx:afterSwap", () => {
    const name = document.getElementById("container-head")?.dataset.name;
    if (!name) return;
    for (const field of document.querySelectorAll("dialog input[name=container]")) field.value = name;
  });
})();
