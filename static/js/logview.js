// A view of very many lines: only visible rows are in the document. Keeps the newest LIMIT lines,
// filters by stream, finds text, wraps, and follows the end only while it is there.
import { PLAIN, dress, parse } from "./ansi.js";

export const LIMIT = 200_000;
const DROP = 10_000; // dropping takes a pass over all lines, so drop many at once
const ROW = 20;
const MARGIN = 20; // extra rows above and below
const LONGEST = 20_000; // visible characters of one line
const TIME_CELLS = 25;

const pad = (number, width = 2) => String(number).padStart(width, "0");
const clock = (at) => {
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return "";
  return (
    `${when.getFullYear()}-${pad(when.getMonth() + 1)}-${pad(when.getDate())} ` +
    `${pad(when.getHours())}:${pad(when.getMinutes())}:${pad(when.getSeconds())}.${pad(when.getMilliseconds(), 3)}`
  );
};

export class LogView {
  constructor(box, { onchange }) {
    this.box = box;
    this.space = box.querySelector(".log-space");
    this.rows = box.querySelector(".log-rows");
    this.onchange = onchange;
    this.stream = "";
    this.wanted = "";
    this.wraps = false;
    this.waiting = [];
    this.clear();
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(box);
  }

  clear() {
    this.lines = [];
    this.shown = [];
    this.tops = [0]; // only used while lines wrap
    this.matches = [];
    this.match = -1;
    this.carried = { stdout: PLAIN, stderr: PLAIN };
    this.unended = {}; // by stream: the line of which more pieces will follow
    this.dropped = 0;
    this.atEnd = true;
    this.waiting.length = 0;
    this.box.scrollTop = 0;
    this.#schedule();
  }

  // Adds the engine's lines: { stream, at, text, partial }. All pieces of a line form one row.
  add(lines) {
    for (const line of lines) this.waiting.push(line);
    this.#schedule();
  }

  setStream(stream) {
    this.stream = stream;
    this.shown = stream ? this.lines.filter((line) => line.stream === stream) : [...this.lines];
    this.#relayout();
    this.find(this.wanted);
  }

  setWrap(wraps) {
    this.#keepingPlace(() => {
      this.wraps = wraps;
      this.box.classList.toggle("wraps", wraps);
    });
  }

  setTimes(times) {
    this.#keepingPlace(() => this.box.classList.toggle("times", times));
  }

  // Marks all occurrences of a text, and goes to the last one, the newest.
  find(text) {
    this.wanted = text.toLowerCase();
    this.matches = [];
    this.match = -1;
    if (this.wanted) {
      this.shown.forEach((line, index) => this.#holds(line) && this.matches.push(index));
      this.match = this.matches.length - 1;
    }
    if (this.match >= 0) this.#reveal(this.matches[this.match]);
    this.#schedule();
  }

  step(by) {
    const count = this.matches.length;
    if (!count) return;
    this.match = (this.match + by + count) % count;
    this.#reveal(this.matches[this.match]);
    this.#schedule();
  }

  toEnd() {
    this.atEnd = true;
    this.#schedule();
  }

  #schedule() {
    if (this.frame) return;
    // A page in the background gets no frames, but its lines must still be processed.
    const later = document.hidden ? (work) => setTimeout(work, 250) : requestAnimationFrame;
    this.frame = later(() => {
      this.frame = 0;
      this.#takeIn();
      this.#draw();
      this.onchange(this);
    });
  }

  #takeIn() {
    if (!this.waiting.length) return;
    let grown = false;
    for (const { stream, at, text, partial } of this.waiting) {
      const begun = this.unended[stream];
      const line = begun || { stream, at, text: "", cut: -LONGEST, style: this.carried[stream] || PLAIN };
      this.unended[stream] = partial ? line : null;
      const room = LONGEST - line.text.length;
      line.cut += text.length;
      line.text += text.slice(0, room);
      if (room && (line.text.includes("\x1b") || line.text.includes("\r"))) {
        const read = parse(line.text, line.style);
        this.carried[stream] = read.style;
        line.plain = read.pieces.map((piece) => piece.text).join("");
      }
      if (begun) {
        grown ||= room > 0;
        continue;
      }
      this.lines.push(line);
      if (this.stream && this.stream !== stream) continue;
      this.shown.push(line);
      if (this.wraps) this.#addTop(line);
      if (this.wanted && this.#holds(line)) this.matches.push(this.shown.length - 1);
    }
    this.waiting.length = 0;
    if (grown) {
      this.#relayout();
      this.matches = this.shown.flatMap((line, index) => (this.wanted && this.#holds(line) ? [index] : []));
    }
    if (this.lines.length > LIMIT + DROP) this.#drop(this.lines.length - LIMIT);
  }

  #drop(count) {
    const gone = new Set(this.lines.splice(0, count));
    let rows = 0;
    while (rows < this.shown.length && gone.has(this.shown[rows])) rows += 1;
    const height = this.#top(rows);
    this.shown.splice(0, rows);
    this.dropped += count;
    this.#relayout();
    const chosen = this.match >= 0 ? this.matches[this.match] - rows : -1;
    this.matches = this.matches.map((index) => index - rows).filter((index) => index >= 0);
    this.match = this.matches.indexOf(chosen);
    if (!this.atEnd) this.box.scrollTop -= height;
  }

  #holds(line) {
    return (line.plain ?? line.text).toLowerCase().includes(this.wanted);
  }

  #measure() {
    if (!this.box.clientWidth) return;
    const probe = document.createElement("span");
    probe.textContent = "0".repeat(100);
    probe.style.cssText = "position:absolute;visibility:hidden";
    this.rows.append(probe);
    this.cells = Math.max(10, Math.floor((this.box.clientWidth - 24) / (probe.getBoundingClientRect().width / 100)));
    probe.remove();
    this.#keepingPlace(() => {});
  }

  #keepingPlace(change) {
    const first = this.#rowAt(this.box.scrollTop);
    change();
    this.#relayout();
    if (!this.atEnd) this.box.scrollTop = this.#top(first);
    this.#schedule();
  }

  #relayout() {
    this.tops = [0];
    if (this.wraps) for (const line of this.shown) this.#addTop(line);
    this.#schedule();
  }

  // Estimates the height of a wrapped line from its length, which suffices to place the window.
  #addTop(line) {
    const room = (this.cells || 100) - (this.box.classList.contains("times") ? TIME_CELLS : 0);
    const length = (line.plain ?? line.text).length;
    this.tops.push(this.tops.at(-1) + Math.max(1, Math.ceil(length / Math.max(10, room))) * ROW);
  }

  #top(row) {
    return this.wraps ? this.tops[Math.min(row, this.tops.length - 1)] : row * ROW;
  }

  #rowAt(y) {
    if (!this.wraps) return Math.max(0, Math.floor(y / ROW));
    let low = 0;
    let high = this.tops.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #reveal(row) {
    this.atEnd = false;
    this.box.scrollTop = Math.max(0, this.#top(row) - this.box.clientHeight / 2);
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    this.atEnd = scrollTop + clientHeight >= scrollHeight - ROW;
    this.#schedule();
  }

  #draw() {
    const { box, shown } = this;
    this.space.style.height = `${this.#top(shown.length)}px`;
    if (this.atEnd) box.scrollTop = box.scrollHeight;
    const first = Math.max(0, this.#rowAt(box.scrollTop) - MARGIN);
    const last = Math.min(shown.length, this.#rowAt(box.scrollTop + box.clientHeight) + MARGIN);
    const chosen = this.matches[this.match];
    const rows = [];
    for (let row = first; row < last; row += 1) rows.push(this.#row(shown[row], row === chosen));
    this.rows.style.transform = `translateY(${this.#top(first)}px)`;
    this.rows.replaceChildren(...rows);
    if (this.atEnd && this.wraps) {
      // Estimated heights are not exact. At the end, the last row must be visible.
      this.space.style.height = `${Math.max(this.#top(shown.length), this.#top(first) + this.rows.offsetHeight)}px`;
      box.scrollTop = box.scrollHeight;
    }
  }

  #row(line, chosen) {
    const row = document.createElement("div");
    row.className = `log-row is-${line.stream === "stderr" ? "stderr" : "stdout"}${chosen ? " is-match" : ""}`;
    const at = document.createElement("time");
    at.className = "log-at";
    at.textContent = line.at ? clock(line.at) : "";
    const text = document.createElement("span");
    text.className = "log-text";
    for (const piece of parse(line.text, line.style).pieces) {
      const span = document.createElement("span");
      dress(span, piece.style);
      this.#write(span, piece.text);
      text.append(span);
    }
    if (line.cut > 0) text.append(interpolate(gettext(" … %(number)s more characters; the download has them"), { number: line.cut.toLocaleString(document.documentElement.lang) }, true));
    row.append(at, text);
    return row;
  }

  #write(span, text) {
    if (!this.wanted) {
      span.textContent = text;
      return;
    }
    const lower = text.toLowerCase();
    let from = 0;
    for (let at = lower.indexOf(this.wanted); at >= 0; at = lower.indexOf(this.wanted, from)) {
      span.append(text.slice(from, at));
      const mark = document.createElement("mark");
      mark.textContent = text.slice(at, at + this.wanted.length);
      span.append(mark);
      from = at + this.wanted.length;
    }
    span.append(text.slice(from));
  }
}
