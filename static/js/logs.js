// The logs of one container: filters above, lines, status below.
import { LIMIT, LogView } from "./logview.js";

const page = document.getElementById("logs");
const choices = document.getElementById("logs-choices");
const find = document.getElementById("logs-find");
const found = document.getElementById("logs-found");
const note = document.getElementById("logs-note");
const count = document.getElementById("logs-count");
const again = document.getElementById("logs-again");
const end = document.getElementById("logs-end");
const steps = [document.getElementById("logs-previous"), document.getElementById("logs-next")];
let stream = null;
let settled = false; // the first answer (or the end) has arrived

const say = (text, tone) => {
  document.getElementById("logs-state").textContent = text;
  document.getElementById("logs-dot").className = `dot${tone ? ` is-${tone}` : ""}`;
};
const counted = (number) => interpolate(ngettext("%(number)s line", "%(number)s lines", number), { number: number.toLocaleString(document.documentElement.lang) }, true);

const view = new LogView(document.getElementById("log"), {
  onchange: ({ shown, lines, dropped, matches, match, atEnd }) => {
    if (shown.length || settled) note.hidden = shown.length > 0;
    if (settled && !shown.length) {
      note.textContent = lines.length ? interpolate(gettext("Nothing on %(stream)s among %(lines)s."), { stream: choices.stream.value, lines: counted(lines.length) }, true) : gettext("No lines yet.");
    }
    count.textContent = dropped
      ? interpolate(gettext("The newest %(lines)s; %(dropped)s older ones left the page (it keeps %(limit)s)"), { lines: counted(lines.length), dropped: dropped.toLocaleString(document.documentElement.lang), limit: LIMIT.toLocaleString(document.documentElement.lang) }, true)
      : counted(shown.length);
    found.textContent = find.value ? (matches.length ? interpolate(gettext("%(number)s of %(total)s"), { number: match + 1, total: matches.length.toLocaleString(document.documentElement.lang) }, true) : gettext("none")) : "";
    for (const step of steps) step.disabled = !matches.length;
    end.hidden = atEnd || !shown.length;
  },
});

const since = () => {
  const seconds = Number(choices.since.value);
  return seconds ? new Date(Date.now() - seconds * 1000).toISOString() : null;
};

const load = () => {
  stream?.close();
  settled = false;
  view.clear();
  note.hidden = false;
  note.textContent = gettext("Loading from the engine…");
  again.hidden = true;
  say(gettext("Connecting…"), "");
  const follow = choices.follow.checked;
  const tail = choices.tail.value === "" ? null : Number(choices.tail.value);
  const parameters = { container: page.dataset.container, follow, tail, since: since() };
  const mine = window.berth.query(page.dataset.account, "container.logs", parameters, {
    open: () => {
      say(follow ? gettext("Following") : gettext("Reading"), follow ? "running" : "");
      // A container without output sends nothing, so after a while, show that there is none.
      setTimeout(() => {
        if (stream !== mine) return;
        settled = true;
        view.add([]);
      }, 1500);
    },
    answers: (answers) => {
      settled = true;
      view.add(answers.filter((answer) => answer.type === "line"));
    },
    end: ({ message, remedy }) => {
      if (stream !== mine) return;
      stream = null;
      settled = true;
      again.hidden = false;
      if (message) say([message, remedy].filter(Boolean).join(" "), "failed");
      else say(follow ? gettext("It exited, so its logs end here") : gettext("All read"), "");
      view.add([]);
    },
  });
  stream = mine;
};

const links = () => {
  for (const link of page.querySelectorAll("[data-download-kind]")) {
    const query = new URLSearchParams();
    if (choices.tail.value) query.set("tail", choices.tail.value);
    if (since()) query.set("since", since());
    if (choices.stream.value) query.set("stream", choices.stream.value);
    if (choices.times.checked) query.set("timestamps", "on");
    if (link.dataset.downloadKind === "escapes") query.set("escapes", "on");
    link.href = `${page.dataset.download}?${query}`;
  }
};

const kept = JSON.parse(localStorage.getItem("berth-logs") || "{}");
choices.wrap.checked = kept.wrap ?? innerWidth < 768;
choices.times.checked = kept.times ?? false;

choices.addEventListener("submit", (event) => event.preventDefault());
choices.addEventListener("change", (event) => {
  const { name } = event.target;
  if (name === "stream") view.setStream(choices.stream.value);
  else if (name === "wrap") view.setWrap(choices.wrap.checked);
  else if (name === "times") view.setTimes(choices.times.checked);
  else if (name === "follow" && !choices.follow.checked) {
    stream?.close();
    stream = null;
    again.hidden = false;
    say(gettext("Stopped following"), "");
  } else if (name) load();
  localStorage.setItem("berth-logs", JSON.stringify({ wrap: choices.wrap.checked, times: choices.times.checked }));
});
page.querySelector("[data-download-kind]").closest(".dropdown").addEventListener("click", links);

let soon = 0;
find.addEventListener("input", () => {
  clearTimeout(soon);
  soon = setTimeout(() => view.find(find.value), 150);
});
find.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  view.step(event.shiftKey ? 1 : -1); // upwards, to older lines, as users read logs
});
steps[0].addEventListener("click", () => view.step(-1));
steps[1].addEventListener("click", () => view.step(1));
end.addEventListener("click", () => view.toEnd());
again.addEventListener("click", load);

// Follows a restarted container again.
document.addEventListener("htmx:afterSwap", () => {
  const state = document.getElementById("container-head")?.dataset.state;
  if (state === "running" && !stream && choices.follow.checked) load();
});

view.setWrap(choices.wrap.checked);
view.setTimes(choices.times.checked);
load();
