// Replays a recorded terminal (asciicast v2). The output is untrusted: this terminal takes no input,
// answers no queries, opens no links, and has no clipboard.
import { Terminal } from "../vendor/@xterm/xterm/lib/xterm.mjs";
import { FONT, THEME } from "./terminal_look.js";

const LONGEST_PAUSE = 2; // seconds, when pauses are shortened
const PIECE = 128 * 1024; // characters drawn at once
const FARTHEST = 8_000_000; // characters drawn for a jump; earlier ones have scrolled away
const SPEEDS = ["0.5", "1", "2", "4"];

const at = (id) => document.getElementById(`replay-${id}`);
const page = document.getElementById("recording");
const [screen, seek, play, speed, skip] = ["screen", "seek", "play", "speed", "skip"].map(at);
const quiet = {
  disableStdin: true,
  linkHandler: { activate() {}, hover() {}, leave() {} }, // the default offers to open links
};
const terminal = new Terminal({ ...quiet, fontFamily: FONT, theme: THEME, scrollback: 5000, cursorInactiveStyle: "block" });

let header = { width: 80, height: 24 };
let events = []; // [seconds, "o" or "r", text]
let full = []; // the time of each event
let brief = []; // the same with shortened pauses
let characters = [0]; // the number drawn before each event
let drawn = 0; // the number of events on the screen
let wanted = 0; // the number that should be
let now = 0; // seconds on the selected clock
let playing = false;
let drawing = false;

const clock = () => (skip.checked ? brief : full);
const length = () => clock().at(-1) ?? 0;
// Returns how many numbers of a sorted list do not exceed `limit`.
const upTo = (list, limit) => {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
};
// Converts a moment to the other clock.
const convert = (seconds, from, to) => {
  const count = upTo(from, seconds);
  const [before, there] = count ? [from[count - 1], to[count - 1]] : [0, 0];
  return Math.min(there + seconds - before, to[count] ?? to.at(-1) ?? 0);
};
const spell = (seconds) => {
  const whole = Math.floor(seconds);
  const rest = `${String(Math.floor(whole / 60) % 60).padStart(whole < 3600 ? 1 : 2, "0")}:${String(whole % 60).padStart(2, "0")}`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`;
};

const resize = (text) => {
  const [columns, rows] = text.split("x").map(Number);
  if (columns >= 1 && columns <= 1000 && rows >= 1 && rows <= 1000) terminal.resize(columns, rows);
  fit();
};
// As large as the page allows. On a phone, a wide terminal scrolls.
const fit = () => {
  const room = screen.clientWidth - 24;
  const size = Math.floor((room / terminal.cols / 0.602) * 2) / 2;
  terminal.options.fontSize = Math.min(document.fullscreenElement ? 28 : 15, Math.max(6, size));
};
const beginAgain = (count) => {
  terminal.reset();
  const sizes = events.slice(0, count).filter(([, code]) => code === "r");
  resize(sizes.length ? sizes.at(-1)[2] : `${header.width}x${header.height}`);
  drawn = count;
};
// Returns the output from one event up to a size limit or another event, and where it ends.
const piece = (first, last) => {
  let [text, next] = ["", first];
  while (next < last && text.length < PIECE && events[next][1] === "o") text += events[next++][2];
  return [text, next];
};
// One piece at a time, since the target may change in the meantime.
const draw = async () => {
  if (drawing) return;
  drawing = true;
  while (drawn !== wanted) {
    if (wanted < drawn) beginAgain(0);
    const far = characters[wanted] - FARTHEST;
    if (far > characters[drawn]) beginAgain(upTo(characters, far));
    const [text, next] = piece(drawn, wanted);
    drawn = next;
    if (text) await new Promise((done) => terminal.write(text, done));
    else if (drawn < wanted) resize(events[drawn++][2]);
  }
  drawing = false;
};

const show = (seconds) => {
  now = Math.min(Math.max(0, seconds), length());
  wanted = upTo(clock(), now);
  seek.max = length().toFixed(1);
  seek.value = now.toFixed(1);
  seek.setAttribute("aria-valuetext", `${spell(now)} / ${spell(length())}`);
  at("at").textContent = spell(now);
  at("length").textContent = spell(length());
  return draw();
};
const setPlaying = (yes) => {
  if (!events.length || yes === playing) return;
  playing = yes;
  at("over").hidden = true;
  play.setAttribute("aria-label", yes ? page.dataset.pause : page.dataset.play);
  play.firstElementChild.className = `ti ti-player-${yes ? "pause" : "play"}`;
  if (!yes) return;
  if (now >= length()) show(0);
  let before = performance.now();
  const step = (time) => {
    if (!playing) return;
    // A hidden tab gets no frames, so continue from the same position.
    show(now + (Math.min(time - before, 250) / 1000) * Number(speed.value));
    before = time;
    if (now >= length()) setPlaying(false);
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
};
const jump = (seconds) => {
  at("over").hidden = true;
  show(seconds);
};

const read = (text) => {
  const [first, ...lines] = text.split("\n");
  header = JSON.parse(first);
  let [last, short, count] = [0, 0, 0];
  for (const line of lines) {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      continue; // the last line of an open session may be incomplete
    }
    if (event[1] !== "o" && event[1] !== "r") continue;
    short += Math.min(Math.max(0, event[0] - last), LONGEST_PAUSE);
    last = Math.max(last, event[0]);
    count += event[1] === "o" ? event[2].length : 0;
    events.push(event);
    full.push(last);
    brief.push(short);
    characters.push(count);
  }
};
const load = async () => {
  terminal.open(at("terminal"));
  try {
    const answer = await fetch(page.dataset.source);
    if (!answer.ok) throw new Error(answer.statusText);
    read(await answer.text());
  } catch {
    at("say").textContent = page.dataset.failed;
    return;
  }
  await document.fonts.load('14px "IBM Plex Mono"').catch(() => {});
  resize(`${header.width}x${header.height}`);
  if (!events.length) {
    at("say").textContent = page.dataset.empty;
    return;
  }
  at("say").textContent = "";
  at("begin").hidden = false;
  seek.disabled = play.disabled = false;
  const asked = Number(new URLSearchParams(location.search).get("t"));
  if (asked > 0) jump(convert(Math.min(asked, full.at(-1)), full, clock()));
  else show(0);
};

// Returns everything that scrolled by, using an invisible terminal.
const asText = async () => {
  const reader = new Terminal({ ...quiet, cols: header.width, rows: header.height, scrollback: 200_000 });
  for (let read = 0; read < events.length; ) {
    const [text, next] = piece(read, events.length);
    if (next > read) await new Promise((done) => reader.write(text, done));
    else reader.resize(...events[read][2].split("x").map(Number));
    read = Math.max(next, read + 1);
  }
  const buffer = reader.buffer.normal;
  const lines = [];
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    const text = line.translateToString(!buffer.getLine(row + 1)?.isWrapped);
    if (line.isWrapped && lines.length) lines.push(lines.pop() + text);
    else lines.push(text);
  }
  reader.dispose();
  return lines.join("\n").trimEnd();
};
const copy = async (text) => {
  await navigator.clipboard.writeText(text);
  window.berth.say(page.dataset.copied);
};

play.addEventListener("click", () => setPlaying(!playing));
at("begin").addEventListener("click", () => setPlaying(true));
seek.addEventListener("input", () => jump(Number(seek.value)));
skip.addEventListener("change", () => {
  const [from, to] = skip.checked ? [full, brief] : [brief, full];
  show(convert(now, from, to));
});
at("full").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen()));
at("link").addEventListener("click", () => {
  const address = new URL(location.href);
  address.searchParams.set("t", convert(now, clock(), full).toFixed(1));
  history.replaceState(null, "", address);
  copy(address.href);
});
at("text").addEventListener("toggle", async () => {
  const lines = at("lines");
  if (!at("text").open || lines.textContent) return;
  lines.textContent = page.dataset.loading;
  lines.textContent = await asText();
});
at("copy").addEventListener("click", () => copy(at("lines").textContent));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=range]), select, textarea, summary, pre");
  const button = event.target.closest("button, a");
  if (typing || (button && event.key === " ")) return;
  const faster = { "<": -1, ">": 1 }[event.key];
  if (event.key === " ") setPlaying(!playing);
  else if (event.key === "ArrowLeft") jump(now - 5);
  else if (event.key === "ArrowRight") jump(now + 5);
  else if (event.key === "Home" && event.target === seek) jump(0);
  else if (event.key === "End" && event.target === seek) jump(length());
  else if (event.key === "f") at("full").click();
  else if (faster) speed.value = SPEEDS[Math.min(3, Math.max(0, SPEEDS.indexOf(speed.value) + faster))];
  else return;
  event.preventDefault();
});
let width = 0;
new ResizeObserver(() => {
  if (width !== screen.clientWidth) requestAnimationFrame(fit); // ignore changes of its own height
  width = screen.clientWidth;
}).observe(screen);
load();
