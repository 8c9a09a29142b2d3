// Short messages in the corner: ended operations (server-sent events), refusals, lost connections.
(() => {
  const place = document.getElementById("toasts");
  if (!place) return;

  const close = (note) => {
    note.remove();
  };
  const arm = (note) => {
    const stay = Number(note.dataset.stay || 6000);
    let timer = setTimeout(close, stay, note);
    note.addEventListener("mouseenter", () => clearTimeout(timer));
    note.addEventListener("focusin", () => clearTimeout(timer));
    note.addEventListener("mouseleave", () => (timer = setTimeout(close, 2000, note)));
    note.querySelector("[data-dismiss-note]")?.addEventListener("click", () => close(note));
    while (place.children.length > 5) place.firstElementChild.remove();
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.nodeType === 1) arm(node);
    }
  }).observe(place, { childList: true });

  // say("web: stopped") shows a plain message; kind is "", "failed" or "succeeded".
  const say = (title, text = "", kind = "") => {
    const note = document.createElement("div");
    note.className = `toast-note${kind ? ` state-${kind}` : ""}`;
    note.dataset.stay = kind === "failed" ? "15000" : "4000";
    const words = document.createElement("div");
    const head = document.createElement("b");
    head.textContent = title;
    words.append(head);
    if (text) {
      const line = document.createElement("p");
      line.textContent = text;
      words.append(line);
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-button";
    button.dataset.dismissNote = "";
    button.setAttribute("aria-label", gettext("Close"));
    const icon = document.createElement("i");
    icon.className = "ti ti-x";
    icon.setAttribute("aria-hidden", "true");
    button.append(icon);
    note.append(words, button);
    place.append(note);
  };
  window.berth = { ...window.berth, say };

  document.addEventListener("berth:accepted", (event) => say(event.detail.label, event.detail.awaits ? gettext("Awaiting approval") : gettext("Accepted")));
  document.addEventListener("berth:refused", (event) => say(gettext("Refused"), event.detail.message, "failed"));
  document.addEventListener("htmx:responseError", (event) => {
    const { status, getResponseHeader } = event.detail.xhr;
    const trigger = getResponseHeader.call(event.detail.xhr, "HX-Trigger") || "";
    if (trigger.includes("berth:refused")) return;
    if (status === 401) location.reload();
    else if (status === 403) say(gettext("Refused"), gettext("Your role does not allow this."), "failed");
    else if (status === 404) say(gettext("Not found"), gettext("It may have been removed. Reload the page."), "failed");
    else say(gettext("That did not work"), interpolate(gettext("The server answered with status %(status)s."), { status }, true), "failed");
  });
  // While the server restarts, background refreshes fail silently, but the user's requests do not.
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig?.verb !== "get") {
      say(gettext("No connection"), gettext("The server did not answer. Nothing was changed."), "failed");
    }
  });

  // Keeps ages ("3 min ago") current on an open page. The words match consoleapp/web/templatetags/berth.py.
  const words = (text, number) => interpolate(text, { number: Math.floor(number) }, true);
  const ago = (then) => {
    const seconds = Math.max(0, (Date.now() - then) / 1000);
    if (seconds < 10) return gettext("just now");
    if (seconds < 60) return words(gettext("%(number)s s ago"), seconds);
    if (seconds < 3600) return words(gettext("%(number)s min ago"), seconds / 60);
    if (seconds < 86400) return words(gettext("%(number)s h ago"), seconds / 3600);
    if (seconds < 86400 * 60) return words(gettext("%(number)s d ago"), seconds / 86400);
    return null;
  };
  setInterval(() => {
    for (const time of document.querySelectorAll("time.age")) {
      const words = ago(Date.parse(time.dateTime));
      if (words && time.textContent !== words) time.textContent = words;
    }
  }, 10000);
})();
