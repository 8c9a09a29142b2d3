// Splits text with terminal escapes into pieces of plain text, each with a style. Only SGR (colors,
// bold, …) is interpreted; every other escape (titles, links, cursor movement) is dropped. Nothing
// here creates HTML: the caller sets textContent.

// CSI; OSC, DCS, PM, and APC up to their end; any other two-character escape.
const ESCAPES = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][\s\S]*?(?:\x1b\\|\x07|$)|[ -/]*[0-~])/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]/g;

export const PLAIN = Object.freeze({});
const FLAGS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "strike", 7: "inverse", 8: "hidden" };
const CLEARS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 28: ["hidden"], 29: ["strike"] };

// One of 256 colors, of which the theme defines the first sixteen.
const indexed = (index) => {
  if (!(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return `var(--ansi-${index})`;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (step) => (step ? 55 + step * 40 : 0);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
};

const extended = (codes, at) => {
  if (codes[at + 1] === 5) return [indexed(codes[at + 2]), at + 2];
  if (codes[at + 1] === 2) {
    const parts = codes.slice(at + 2, at + 5).map((part) => Math.min(255, part || 0));
    return [parts.length === 3 ? `rgb(${parts.join(" ")})` : undefined, at + 4];
  }
  return [undefined, codes.length];
};

const after = (style, parameters) => {
  const codes = parameters === "" ? [0] : parameters.split(/[;:]/).map(Number);
  let next = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at];
    if (code === 0) next = {};
    else if (FLAGS[code]) next[FLAGS[code]] = true;
    else if (CLEARS[code]) for (const flag of CLEARS[code]) delete next[flag];
    else if (code >= 30 && code <= 37) next.ink = indexed(code - 30);
    else if (code >= 90 && code <= 97) next.ink = indexed(code - 82);
    else if (code === 39) delete next.ink;
    else if (code >= 40 && code <= 47) next.ground = indexed(code - 40);
    else if (code >= 100 && code <= 107) next.ground = indexed(code - 92);
    else if (code === 49) delete next.ground;
    else if (code === 38 || code === 48) {
      const [colour, last] = extended(codes, at);
      if (colour) next[code === 38 ? "ink" : "ground"] = colour;
      at = last;
    }
  }
  return next;
};

// A carriage return restarts the line, and a terminal shows what was written last.
const lastWritten = (text) => {
  const trimmed = text.endsWith("\r") ? text.slice(0, -1) : text;
  const at = trimmed.lastIndexOf("\r");
  return at < 0 ? trimmed : trimmed.slice(at + 1);
};

// parse(text, style) → { pieces: [{ text, style }], style: the style at the start of the next line }
export const parse = (raw, style = PLAIN) => {
  const text = lastWritten(raw);
  if (!text.includes("\x1b")) {
    return { pieces: [{ text: text.replace(CONTROLS, ""), style }], style };
  }
  const pieces = [];
  let from = 0;
  let now = style;
  const add = (part) => {
    const clean = part.replace(CONTROLS, "");
    if (clean) pieces.push({ text: clean, style: now });
  };
  for (const match of text.matchAll(ESCAPES)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m" && !/[<-?]/.test(match[1])) now = after(now, match[1]);
  }
  add(text.slice(from).replaceAll("\x1b", ""));
  return { pieces, style: now };
};

// Applies a style to an element.
export const dress = (element, style) => {
  for (const flag of ["bold", "dim", "italic", "underline", "strike"]) {
    if (style[flag]) element.classList.add(`sgr-${flag}`);
  }
  let { ink, ground } = style;
  if (style.inverse) [ink, ground] = [ground || "var(--tblr-bg-surface)", ink || "var(--tblr-body-color)"];
  if (ink) element.style.color = ink;
  if (ground) element.style.backgroundColor = ground;
  if (style.hidden) element.style.visibility = "hidden";
};
