// Parses a unit file's text line by line for the editor. Nothing here touches the page.

const SECTION = /^\s*\[([^\]]*)\]?\s*$/;
const KEY = /^(\s*)([A-Za-z][A-Za-z0-9]*)(\s*=)(.*)$/;
const COMMENT = /^\s*[#;]/;

// Returns the name of a line's section, "" before the first.
export const sectionAt = (lines, row) => {
  for (let at = row; at >= 0; at -= 1) {
    const found = SECTION.exec(lines[at] ?? "");
    if (found) return found[1];
  }
  return "";
};

// Returns whether the line continues the one above (which ends with a backslash).
const goesOn = (lines, row) => row > 0 && !COMMENT.test(lines[row - 1]) && lines[row - 1].endsWith("\\");

// Returns the key that a line sets, also for continuation lines; "" for none.
export const keyAt = (lines, row) => {
  let at = row;
  while (goesOn(lines, at)) at -= 1;
  return KEY.exec(lines[at] ?? "")?.[2] ?? "";
};

// Splits a line into pieces { text, kind }; kind is section, key, equals, value, comment, or "".
export const pieces = (lines, row) => {
  const text = lines[row];
  if (COMMENT.test(text)) return [{ text, kind: "comment" }];
  if (goesOn(lines, row)) return [{ text, kind: "value" }];
  if (SECTION.test(text)) return [{ text, kind: "section" }];
  const found = KEY.exec(text);
  if (!found) return [{ text, kind: "" }];
  return [
    { text: found[1], kind: "" },
    { text: found[2], kind: "key" },
    { text: found[3], kind: "equals" },
    { text: found[4], kind: "value" },
  ];
};

// Returns what to complete at the end of `before` (the line up to the cursor), or null.
export const completions = (lines, row, before, sections) => {
  if (goesOn(lines, row) || COMMENT.test(before)) return null;
  const opening = /^\s*\[(\w*)$/.exec(before);
  if (opening) {
    const there = new Set(lines.map((line) => SECTION.exec(line)?.[1]));
    const wanted = opening[1].toLowerCase();
    const items = Object.keys(sections)
      .filter((name) => name.toLowerCase().startsWith(wanted) && !there.has(name))
      .map((name) => ({ label: `[${name}]`, insert: `${name}]\n`, help: "" }));
    return { typed: opening[1], items };
  }
  const word = /^\s*(\w*)$/.exec(before);
  if (!word) return null;
  const wanted = word[1].toLowerCase();
  const keys = sections[sectionAt(lines, row)] ?? [];
  const fits = (key) => key.name.toLowerCase().includes(wanted);
  const items = keys
    .filter(fits)
    .sort((a, b) => b.name.toLowerCase().startsWith(wanted) - a.name.toLowerCase().startsWith(wanted))
    .map((key) => ({ label: key.name, insert: `${key.name}=`, help: key.help, since: key.since, example: key.example }));
  return { typed: word[1], items };
};
