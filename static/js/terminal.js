// A terminal in a container: xterm.js here, `podman exec -it` behind the console.
import { FitAddon } from "../vendor/@xterm/addon-fit/lib/addon-fit.mjs";
import { Terminal } from "../vendor/@xterm/xterm/lib/xterm.mjs";
import { FONT, THEME } from "./terminal_look.js";

const BACKLOG = 4_000_000; // bytes that may wait to be drawn before some are skipped
const PIECE = 48 * 1024; // bytes per message; the engine accepts 64 KiB

const page = document.getElementById("terminal");
const box = document.getElementById("terminal-box");
const choices = document.getElementById("terminal-choices");
const over = document.getElementById("terminal-over");
const closer = document.getElementById("terminal-close");
let stream = null;
let waiting = 0;
let left = 0;

const say = (text, tone) => {
  document.getElementById("terminal-state").textContent = text;
  document.getElementById("terminal-dot").className = `dot${tone ? ` is-${tone}` : ""}`;
};
const cover = (text, button = gettext("Open again")) => {
  document.getElementById("terminal-why").textContent = text;
  document.getElementById("terminal-again").textContent = button;
  over.hidden = false;
};

const terminal = new Terminal({
  fontFamily: FONT,
  fontSize: Number(localStorage.getItem("berth-terminal-size")) || (innerWidth < 600 ? 12 : 14),
  scrollback: 10_000,
  cursorBlink: true,
  screenReaderMode: localStorage.getItem("berth-terminal-reader") === "1",
  theme: THEME,
});
const fit = new FitAddon();
terminal.loadAddon(fit);

const encode = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};
const send = (bytes) => {
  for (let at = 0; at < bytes.length; at += PIECE) {
    stream?.send({ type: "input", data: encode(bytes.subarray(at, at + PIECE)) });
  }
};

// Skips output that comes faster than it can be drawn, and says so, instead of freezing the page.
const draw = (data) => {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  if (waiting > BACKLOG) {
    left += bytes.length;
    return;
  }
  waiting += bytes.length;
  terminal.write(bytes, () => {
    waiting -= bytes.length;
    if (!left || waiting > BACKLOG / 4) return;
    terminal.write(`\x1b[0m\r\n\x1b[33m[${interpolate(gettext("%(number)s bytes left out: more than the page could draw"), { number: left.toLocaleString(document.documentElement.lang) }, true)}]\x1b[0m\r\n`);
    left = 0;
  });
};

// Berth records the terminal, even if the page did not know that when it was rendered.
const recorded = () => {
  const notice = document.getElementById("recorded-notice");
  notice.hidden = false;
  terminal.write(`\x1b[33m${notice.dataset.line}\x1b[0m\r\n`);
};

const words = (line) => {
  // Splits like a shell, considering only quotes and backslashes.
  const parts = [];
  for (const match of line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g)) {
    parts.push(match[0].replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, one, double, single) => one ?? single ?? double.replace(/\\(.)/g, "$1")));
  }
  return parts;
};
const command = () => {
  const shell = choices.shell.value;
  return shell === "custom" ? words(choices.command.value) : shell ? [shell] : [];
};

const ended = (text) => {
  stream = null;
  closer.hidden = true;
  say(gettext("Not open"), "");
  cover(text);
};

const open = () => {
  if (stream) return;
  over.hidden = true;
  terminal.reset();
  fit.fit();
  say(gettext("Connecting…"), "");
  const { cols: columns, rows } = terminal;
  const parameters = { container: page.dataset.container, command_line: command(), user: choices.user.value.trim(), columns, rows };
  let finished = false;
  stream = window.berth.query(page.dataset.account, "container.terminal", parameters, {
    open: () => {
      say(gettext("Open"), "running");
      closer.hidden = false;
      terminal.focus();
    },
    answers: (answers) => {
      for (const answer of answers) {
        if (answer.type === "output") draw(answer.data);
        if (answer.type === "recorded") recorded();
        if (answer.type !== "ended") continue;
        finished = true;
        const { exit_code: code } = answer;
        if (code === 126 || code === 127) ended(gettext("The container does not have this program. Choose another shell. Some images have none."));
        else ended(code === null ? gettext("The command ended.") : interpolate(gettext("The command ended with exit code %(code)s."), { code }, true));
      }
    },
    end: ({ message, remedy }) => {
      if (!finished) ended([message || gettext("The connection ended."), remedy].filter(Boolean).join(" "));
    },
  });
};

terminal.open(box);
box.append(over);
terminal.onData((text) => send(new TextEncoder().encode(text)));
terminal.onBinary((text) => send(Uint8Array.from(text, (character) => character.charCodeAt(0))));
terminal.onResize(({ cols: columns, rows }) => {
  document.getElementById("terminal-size").textContent = `${columns} × ${rows}`;
  stream?.send({ type: "resize", columns, rows });
});
// Ctrl-Shift-C and -V, as in terminals. Plain Ctrl-C goes to the container.
terminal.attachCustomKeyEventHandler((event) => {
  if (event.type !== "keydown" || !event.ctrlKey || !event.shiftKey) return true;
  if (event.code === "KeyC") copy();
  else if (event.code !== "KeyV") return true;
  if (event.code === "KeyC") event.preventDefault();
  return false;
});

const copy = async () => {
  const text = terminal.getSelection();
  if (!text) return window.berth.say(gettext("Nothing is selected"));
  await navigator.clipboard.writeText(text);
  window.berth.say(gettext("Copied"));
};
const paste = async () => {
  try {
    terminal.paste(await navigator.clipboard.readText());
  } catch {
    window.berth.say(gettext("The browser does not let this page read the clipboard"), gettext("Use Ctrl-Shift-V instead."), "failed");
  }
  terminal.focus();
};
const grow = (by) => {
  terminal.options.fontSize = Math.min(28, Math.max(8, terminal.options.fontSize + by));
  localStorage.setItem("berth-terminal-size", String(terminal.options.fontSize));
  fit.fit();
};
document.getElementById("terminal-copy").addEventListener("click", copy);
document.getElementById("terminal-paste").addEventListener("click", paste);
document.getElementById("terminal-smaller").addEventListener("click", () => grow(-1));
document.getElementById("terminal-larger").addEventListener("click", () => grow(1));
document.getElementById("terminal-again").addEventListener("click", open);
closer.addEventListener("click", () => stream?.close());
choices.shell.addEventListener("change", () => {
  choices.command.hidden = choices.shell.value !== "custom";
  choices.command.required = !choices.command.hidden;
});
choices.addEventListener("submit", (event) => {
  event.preventDefault();
  stream?.close();
  stream = null;
  open();
});
let resizing = 0;
new ResizeObserver(() => {
  clearTimeout(resizing);
  resizing = setTimeout(() => fit.fit(), 60);
}).observe(box);

document.fonts.load('14px "IBM Plex Mono"').finally(() => {
  fit.fit();
  const { state } = document.getElementById("container-head").dataset;
  if (state === "running" && !choices.querySelector("fieldset[disabled]")) open();
  else cover(interpolate(gettext("The container is %(state)s; a terminal needs it to run."), { state: gettext(state) }, true), gettext("Try anyway"));
});
// The container has started while the page waited for it: open the terminal.
document.addEventListener("htmx:afterSwap", (event) => {
  const state = document.getElementById("container-head")?.dataset.state;
  if (event.detail.elt?.id !== "container-head") return;
  if (state === "running" && !stream) cover(gettext("The container is now running."), gettext("Open"));
});
