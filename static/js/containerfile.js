// The Containerfile's editor: line numbers, colors, and the line of the failed step.
import { editorLines } from "./editor_lines.js";

const INSTRUCTION = /^(\s*)(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|$)(.*)$/i;
const COMMENT = /^\s*#/;

const pieces = (lines, row) => {
  const text = lines[row];
  if (COMMENT.test(text)) return [{ text, kind: "comment" }];
  const found = row > 0 && lines[row - 1].endsWith("\\") ? null : INSTRUCTION.exec(text);
  if (!found) return [{ text, kind: "" }];
  return [{ text: found[1], kind: "" }, { text: found[2], kind: "key" }, { text: found[3], kind: "" }];
};

const root = document.querySelector("[data-containerfile]");
if (root) {
  const area = root.querySelector("textarea");
  const failed = Number(root.dataset.failed);
  const wrong = new Map(failed ? [[failed, { severity: "error", message: gettext("This step failed") }]] : []);
  root.classList.add("is-attached");
  const painted = editorLines(root, pieces);
  area.addEventListener("input", () => {
    wrong.clear(); // the text has changed, and lines may have moved
    painted.draw(wrong);
  });
  painted.draw(wrong);
  if (failed) painted.show(failed);
}
