// Adds line numbers beside a plain textarea, and colors and marks below its lines.
// `pieces(lines, row)` returns the colors of a line: a list of { text, kind }.
const PAINTED = 4000; // lines with colors; a longer text is plain

export const make = (tag, className, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
};

export const editorLines = (root, pieces) => {
  const area = root.querySelector("textarea");
  const paint = root.querySelector(".editor-paint");
  const gutter = root.querySelector(".editor-gutter");

  const follow = () => {
    paint.style.transform = `translate(${-area.scrollLeft}px, ${-area.scrollTop}px)`;
    gutter.style.transform = `translateY(${-area.scrollTop}px)`;
  };
  // `wrong`: line → { severity, message }
  const draw = (wrong) => {
    const all = area.value.split("\n");
    const plain = all.length > PAINTED;
    const painted = document.createDocumentFragment();
    const numbers = document.createDocumentFragment();
    all.forEach((text, row) => {
      const problem = wrong.get(row + 1);
      const line = make("div", `paint-line${problem ? ` is-${problem.severity}` : ""}`);
      if (plain) line.textContent = text || "\u200b";
      else for (const piece of pieces(all, row)) line.append(piece.kind ? make("span", `is-${piece.kind}`, piece.text) : piece.text);
      if (!text) line.append("\u200b");
      painted.append(line);
      const number = make("div", problem ? `is-${problem.severity}` : "", String(row + 1));
      if (problem) number.title = problem.message;
      numbers.append(number);
    });
    paint.replaceChildren(painted);
    gutter.replaceChildren(numbers);
    follow();
  };
  const show = (line) => {
    const height = parseFloat(getComputedStyle(area).lineHeight);
    area.scrollTop = Math.max(0, line * height - area.clientHeight / 2);
  };

  area.addEventListener("scroll", follow);
  new ResizeObserver(follow).observe(area);
  return { draw, show };
};
