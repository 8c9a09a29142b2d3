// The editor of unit files: a plain textarea with line numbers, colors below it, completion of
// sections and keys, their help, and problems at their lines.
import { editorLines, make } from "./editor_lines.js";
import { completions, keyAt, pieces, sectionAt } from "./unit_text.js";

const MOST = 60; // completions shown at once

const attach = (root) => {
  const area = root.querySelector("textarea");
  const popup = root.querySelector(".editor-popup");
  const help = root.querySelector(".editor-help");
  const where = document.getElementById("editor-where");
  const form = document.getElementById("unit-form");
  const problems = document.getElementById("problems");
  const sections = JSON.parse(document.getElementById("unit-keys").textContent);
  const keysOf = new Map(Object.entries(sections).map(([name, keys]) => [name, new Map(keys.map((key) => [key.name, key]))]));
  let saved = area.value;
  let offered = [];
  let chosen = -1;
  let typed = "";
  let wrong = new Map(); // line → { severity, message }

  const caret = () => {
    const before = area.value.slice(0, area.selectionStart);
    const row = before.split("\n").length - 1;
    return { row, column: before.length - before.lastIndexOf("\n") - 1, line: before.slice(before.lastIndexOf("\n") + 1) };
  };
  const lines = () => area.value.split("\n");

  const painted = editorLines(root, pieces);
  const draw = () => painted.draw(wrong);

  const unknown = (name, section) => {
    if (!name) return gettext("Put the cursor on a key to read what it does.");
    const words = section
      ? gettext("Berth does not know the key %(name)s= in [%(section)s]. It may still be valid.")
      : gettext("Berth does not know the key %(name)s= outside a section. It may still be valid.");
    return interpolate(words, { name, section }, true);
  };
  const explain = () => {
    const { row, column } = caret();
    const all = lines();
    const name = keyAt(all, row);
    const section = sectionAt(all, row);
    where.textContent = interpolate(section ? gettext("line %(line)s, column %(column)s in [%(section)s]") : gettext("line %(line)s, column %(column)s"), { line: row + 1, column: column + 1, section }, true);
    const key = keysOf.get(section)?.get(name);
    const problem = wrong.get(row + 1);
    help.replaceChildren();
    if (problem) help.append(make("span", `editor-problem is-${problem.severity}`, problem.message));
    if (key) {
      help.append(make("b", "mono", `${key.name}= `), key.help);
      if (key.example) help.append(gettext(" For example "), make("code", "", `${key.name}=${key.example}`));
      if (key.repeats) help.append(gettext(" Can be repeated."));
      if (key.since) help.append(make("span", "text-secondary", interpolate(gettext(" Podman %(version)s and later."), { version: key.since }, true)));
    } else if (!problem) {
      help.textContent = unknown(name, section);
    }
  };

  // --- completion ---------------------------------------------------------------------------

  const hide = () => {
    popup.hidden = true;
    chosen = -1;
    area.removeAttribute("aria-activedescendant");
  };
  const choose = (at) => {
    chosen = (at + offered.length) % offered.length;
    [...popup.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    const item = popup.children[chosen];
    item.scrollIntoView({ block: "nearest" });
    area.setAttribute("aria-activedescendant", item.id);
  };
  const offer = (asked) => {
    const { row, column, line } = caret();
    const after = area.value.slice(area.selectionStart).split("\n")[0];
    const found = after.trim() ? null : completions(lines(), row, line, sections);
    if (!found || (!asked && !found.typed && !line.endsWith("[")) || !found.items.length) return hide();
    if (found.items.length === 1 && found.items[0].insert.trim() === found.typed) return hide();
    ({ typed } = found);
    offered = found.items.slice(0, MOST);
    popup.replaceChildren(
      ...offered.map((item, index) => {
        const option = make("li", "");
        option.id = `editor-option-${index}`;
        option.setAttribute("role", "option");
        option.append(make("b", "mono", item.label), make("span", "", item.help));
        if (item.since) option.append(make("small", "", item.since));
        return option;
      }),
    );
    const style = getComputedStyle(area);
    const width = measure(style);
    const top = (row + 1) * parseFloat(style.lineHeight) + parseFloat(style.paddingTop) - area.scrollTop;
    const left = (column - typed.length) * width + parseFloat(style.paddingLeft) - area.scrollLeft;
    popup.hidden = false;
    popup.style.left = `${Math.max(4, Math.min(left, area.clientWidth - popup.offsetWidth - 8))}px`;
    const below = top + popup.offsetHeight < area.clientHeight || top < popup.offsetHeight;
    popup.style.top = `${below ? top : top - parseFloat(style.lineHeight) - popup.offsetHeight}px`;
    choose(0);
  };
  const measure = (style) => {
    const probe = make("span", "", "0".repeat(100));
    probe.style.cssText = `position:absolute;visibility:hidden;font:${style.font};letter-spacing:${style.letterSpacing}`;
    root.append(probe);
    const width = probe.getBoundingClientRect().width / 100;
    probe.remove();
    return width;
  };
  const accept = () => {
    const item = offered[chosen];
    hide();
    area.setSelectionRange(area.selectionStart - typed.length, area.selectionStart);
    insert(item.insert);
  };
  // As if typed, so that the browser's undo reverts it.
  const insert = (text) => {
    area.focus();
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    hide();
  };

  area.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key === " ") offer(true);
    else if (control && event.key.toLowerCase() === "s") document.getElementById("unit-compare").click();
    else if (popup.hidden) return;
    else if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" || event.key === "Tab") accept();
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  popup.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the focus stays in the text
    const option = event.target.closest("li");
    if (!option) return;
    chosen = [...popup.children].indexOf(option);
    accept();
  });
  area.addEventListener("blur", hide);
  area.addEventListener("scroll", hide);
  area.addEventListener("input", (event) => {
    wrong = new Map(); // until the next check, since lines may have moved
    draw();
    explain();
    if (event.inputType === "insertText" || event.inputType === "deleteContentBackward") offer(false);
  });
  document.addEventListener("selectionchange", () => document.activeElement === area && explain());

  // --- the side: problems, and the list of keys ---------------------------------------------

  const mark = () => {
    wrong = new Map();
    for (const item of problems.querySelectorAll("[data-line]")) {
      const line = Number(item.dataset.line);
      const severity = item.classList.contains("is-error") ? "error" : "warning";
      if (wrong.get(line)?.severity !== "error") wrong.set(line, { severity, message: item.querySelector("button span").firstChild.nextSibling.textContent });
    }
    draw();
    explain();
  };
  const goTo = (line) => {
    const start = lines().slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(start, start);
    painted.show(line);
    explain();
  };
  problems.addEventListener("click", (event) => {
    const item = event.target.closest("[data-line]");
    if (item) goTo(Number(item.dataset.line));
  });
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target === problems && mark());

  const list = document.getElementById("key-list");
  const find = document.getElementById("keys-find");
  const listKeys = () => {
    const wanted = find.value.toLowerCase();
    const found = document.createDocumentFragment();
    for (const [section, keys] of Object.entries(sections)) {
      const fit = keys.filter((key) => `${key.name} ${key.help}`.toLowerCase().includes(wanted));
      if (!fit.length) continue;
      found.append(make("h3", "mono", `[${section}]`));
      for (const key of fit) {
        const button = make("button", "");
        button.type = "button";
        button.append(make("b", "mono", key.name), make("span", "", `${key.help}${key.since ? ` (Podman ${key.since})` : ""}`));
        button.addEventListener("click", () => put(section, key));
        found.append(button);
      }
    }
    if (!found.childNodes.length) found.append(make("p", "text-secondary small", gettext("No key has this name.")));
    list.replaceChildren(found);
  };
  // A key selected from the list goes to the end of its section, which is created if missing.
  const put = (section, key) => {
    const all = lines();
    const at = all.findIndex((line) => line.trim() === `[${section}]`);
    let end = at < 0 ? all.length : at + 1;
    while (at >= 0 && end < all.length && !/^\s*\[/.test(all[end])) end += 1;
    while (end > 0 && !(all[end - 1] ?? "").trim()) end -= 1;
    const place = all.slice(0, end).join("\n").length;
    area.focus();
    area.setSelectionRange(place, place);
    insert(`${place ? "\n" : ""}${at < 0 ? `${place ? "\n" : ""}[${section}]\n` : ""}${key.name}=${key.example}`);
    area.setSelectionRange(area.selectionStart - key.example.length, area.selectionStart);
    explain();
  };
  find.addEventListener("input", listKeys);

  // --- saving -------------------------------------------------------------------------------

  document.addEventListener("htmx:afterSwap", (event) => {
    if (!area.isConnected) return; // another editor has replaced it
    const { target } = event.detail; // none for a swap by a server-sent event
    if (target?.id === "compare") document.getElementById("compare-dialog").showModal();
    const done = target?.id === "saving" ? target.querySelector("[data-saved]") : null;
    if (!done) return;
    document.getElementById("unit-digest").value = done.dataset.digest;
    saved = sent;
    // The file now has a name: saving again replaces it.
    if (form.elements.name) form.elements.name.readOnly = true;
  });
  let sent = saved;
  form.addEventListener("submit", () => {
    sent = area.value;
    document.getElementById("compare-dialog").close();
  });
  addEventListener("beforeunload", (event) => area.isConnected && area.value !== saved && event.preventDefault());

  listKeys();
  draw();
  explain();
};

const start = () => {
  const root = document.querySelector("[data-editor]:not(.is-attached)");
  if (!root) return;
  root.classList.add("is-attached");
  attach(root);
};
document.addEventListener("htmx:afterSettle", start);
start();
