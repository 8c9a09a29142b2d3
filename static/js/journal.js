// The journal of one unit, or of all units of an account: filters above, lines, status below.
import { LIMIT, LogView } from "./logview.js";

const page = document.getElementById("journal");
const part = (name) => document.getElementById(`journal-${name}`);
const choices = part("choices");
const find = part("find");
const note = part("note");
const steps = [part("previous"), part("next")];
const ERROR = 3; // syslog's err: lines of this priority or more urgent ones are marked
let stream = null;
let settled = false;

const say = (text, tone) => {
  part("state").textContent = text;
  part("dot").className = `dot${tone ? ` is-${tone}` : ""}`;
};
const counted = (number) => interpolate(ngettext("%(number)s line", "%(number)s lines", number), { number: number.toLocaleString(document.documentElement.lang) }, true);

const view = new LogView(document.getElementById("log"), {
  onchange: ({ shown, lines, dropped, matches, match, atEnd }) => {
    if (shown.length || settled) note.hidden = shown.length > 0;
    if (settled && !shown.length) note.textContent = gettext("The journal has no matching lines.");
    part("count").textContent = dropped
      ? interpolate(gettext("The newest %(lines)s; %(dropped)s older ones left the page (it keeps %(limit)s)"), { lines: counted(lines.length), dropped: dropped.toLocaleString(document.documentElement.lang), limit: LIMIT.toLocaleString(document.documentElement.lang) }, true)
      : counted(shown.length);
    part("found").textContent = find.value ? (matches.length ? interpolate(gettext("%(number)s of %(total)s"), { number: match + 1, total: matches.length.toLocaleString(document.documentElement.lang) }, true) : gettext("none")) : "";
    for (const step of steps) step.disabled = !matches.length;
    part("end").hidden = atEnd || !shown.length;
  },
});

const line = ({ at, unit, program, pid, priority, text }) => {
  const who = `${page.dataset.unit || !unit ? "" : `${unit} `}${program}${pid ? `[${pid}]` : ""}`;
  return { stream: priority <= ERROR ? "stderr" : "stdout", at, text: `${who}: ${text}` };
};

const load = () => {
  stream?.close();
  settled = false;
  view.clear();
  note.hidden = false;
  note.textContent = gettext("Loading from the engine…");
  part("again").hidden = true;
  say(gettext("Connecting…"), "");
  const follow = choices.follow.checked;
  const seconds = Number(choices.since.value);
  const parameters = {
    unit: page.dataset.unit || null,
    follow,
    tail: choices.tail.value === "" ? null : Number(choices.tail.value),
    priority: Number(choices.priority.value),
    since: seconds ? new Date(Date.now() - seconds * 1000).toISOString() : null,
  };
  const mine = window.berth.query(page.dataset.account, "unit.journal", parameters, {
    open: () => {
      say(follow ? gettext("Following") : gettext("Reading"), follow ? "running" : "");
      // A unit without output sends nothing, so after a while, show that there is none.
      setTimeout(() => {
        if (stream !== mine) return;
        settled = true;
        view.add([]);
      }, 1500);
    },
    answers: (answers) => {
      settled = true;
      view.add(answers.filter((answer) => answer.type === "journal").map(line));
    },
    end: ({ message, remedy }) => {
      if (stream !== mine) return;
      stream = null;
      settled = true;
      part("again").hidden = false;
      if (message) say([message, remedy].filter(Boolean).join(" "), "failed");
      else say(gettext("All read"), "");
      view.add([]);
    },
  });
  stream = mine;
};

const kept = JSON.parse(localStorage.getItem("berth-journal") || "{}");
choices.wrap.checked = kept.wrap ?? innerWidth < 768;
choices.times.checked = kept.times ?? !matchMedia("(max-width: 575px)").matches; // they fill half a phone's screen

choices.addEventListener("submit", (event) => event.preventDefault());
choices.addEventListener("change", (event) => {
  const { name } = event.target;
  if (name === "wrap") view.setWrap(choices.wrap.checked);
  else if (name === "times") view.setTimes(choices.times.checked);
  else if (name === "follow" && !choices.follow.checked) {
    stream?.close();
    stream = null;
    part("again").hidden = false;
    say(gettext("Stopped following"), "");
  } else if (name) load();
  localStorage.setItem("berth-journal", JSON.stringify({ wrap: choices.wrap.checked, times: choices.times.checked }));
});

let soon = 0;
find.addEventListener("input", () => {
  clearTimeout(soon);
  soon = setTimeout(() => view.find(find.value), 150);
});
find.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  view.step(event.shiftKey ? 1 : -1); // upwards, to older lines
});
steps[0].addEventListener("click", () => view.step(-1));
steps[1].addEventListener("click", () => view.step(1));
part("end").addEventListener("click", () => view.toEnd());
part("again").addEventListener("click", load);

view.setWrap(choices.wrap.checked);
view.setTimes(choices.times.checked);
load();
