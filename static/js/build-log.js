// The log of one build, followed while it runs and read afterwards.
import { LogView } from "./logview.js";

const page = document.getElementById("build-log");
const part = (selector) => page.querySelector(selector);
const note = part(".log-note");
const end = part("[data-end]");
let stream = null;
let done = false;

const say = (text, tone = "") => {
  part("[data-says]").textContent = text;
  part(".dot").className = `dot${tone ? ` is-${tone}` : ""}`;
};
const view = new LogView(part(".log"), {
  onchange: ({ shown, atEnd }) => {
    note.hidden = shown.length > 0;
    part("[data-count]").textContent = shown.length ? interpolate(ngettext("%(number)s line", "%(number)s lines", shown.length), { number: shown.length.toLocaleString(document.documentElement.lang) }, true) : "";
    end.hidden = atEnd || !shown.length;
  },
});
const hasEnded = () => !document.getElementById("operation")?.hasAttribute("hx-get");

const load = () => {
  view.clear();
  stream = window.berth.query(page.dataset.account, "build.log", { build: page.dataset.build, follow: true }, {
    open: () => say(gettext("Following"), "running"),
    answers: (lines) => view.add(lines),
    end: ({ code, message, remedy }) => {
      stream = null;
      // The build waits for its turn. There is nothing to read before it starts.
      if (code === "not_found" && !hasEnded()) return say(gettext("Not started yet"));
      done = true;
      note.textContent = message ? [message, remedy].filter(Boolean).join(" ") : gettext("No output.");
      say(message || gettext("All read"), message ? "failed" : "");
    },
  });
};

document.addEventListener("htmx:afterSwap", () => !stream && !done && load());
part("#build-wrap").addEventListener("change", ({ target }) => view.setWrap(target.checked));
part("#build-times").addEventListener("change", ({ target }) => view.setTimes(target.checked));
end.addEventListener("click", () => view.toEnd());
view.setWrap(true);
view.setTimes(false);
load();
