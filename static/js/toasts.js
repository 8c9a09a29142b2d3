// Short messages at the corner: ended operations (by server-sent events), refusals, lost connections.
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
    button.setAttribute("aria-label", "Close");
    const icon = document.createElement("i");
    icon.className = "ti ti-x";
    icon.setAttribute("aria-hidden", "true");
    button.append(icon);
    note.append(words, button);
    place.append(note);
  };
  window.berth = { ...window.berth, say };

  document.addEventListener("berth:accepted", (event) => say(event.detail.label, event.detail.awaits ? "Awaiting approval" : "Accepted"));
  document.addEventListener("berth:refused", (event) => say("Refused", event.detail.message, "failed"));
  document.addEventListener("htmx:responseError", (event) => {
    const { status, getResponseHeader } = event.detail.xhr;
    const trigger = getResponseHeader.call(event.detail.xhr, "HX-Trigger") || "";
    if (trigger.includes("berth:refused")) return;
    if (status === 401) location.reload();
    else if (status === 403) say("Refused", "Your role does not allow this.", "failed");
    else if (status === 404) say("Not found", "It may be gone by now. Reload the page.", "failed");
    else say("That did not work", `The server answered with status ${status}.`, "failed");
  });
  // Background refreshes fail silently while the server restarts; what a person asked for does not.
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig?.verb !== "get") {
      say("No connection", "The server did not answer. Nothing was changed.", "failed");
    }
  });

  // Ages ("3 min ago") stay true while a page is open. The words match consoleapp/web/templatetags/berth.py.
  const ago = (then) => {
    const seconds = Math.max(0, (Date.now() - then) / 1000);
    if (seconds < 10) return "just now";
    if (seconds < 60) return `${Math.floor(seconds)} s ago`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
    if (seconds < 86400 * 60) return `${Math.floor(seconds / 86400)} d ago`;
    return null;
  };
  setInterval(() => {
    for (const time of document.querySelectorAll("time.age")) {
      const words = ago(Date.parse(time.dateTime));
      if (words && time.textContent !== words) time.textContent = words;
    }
  }, 10000);
})();
