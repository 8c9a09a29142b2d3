// Updates the list of containers row by row.
//
// The stream's event "rows" names changed containers and the snapshot's version. Only their rows are
// fetched, one request at a time, together with the order of all rows. Changes in the meantime are
// fetched next. The whole table is fetched at "hello" and when a filter changes. Changes after the
// version that it shows are then fetched again.
(() => {
  const MOST_ROWS = 100; // for more at once, fetch the table
  const MOST_KEPT = 500;
  const AGAIN_AFTER = 500; // ms, while the console does not answer
  const history = []; // {version, ids}: the stream's events, oldest first
  const wanted = new Map(); // id of a row to fetch: its minimum version
  const heard = new WeakSet(); // sources of events
  let forgotten = 0; // the newest version that history no longer contains
  let shown = null; // the table that `wanted` is about
  let busy = false;

  const table = () => document.getElementById("containers-table");
  const reload = () => {
    wanted.clear();
    if (table()) window.htmx.trigger(table(), "sse:hello");
  };
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const want = (id, version) => wanted.set(id, Math.max(version, wanted.get(id) || 0));

  const place = (tbody, order, fresh) => {
    const old = new Map([...tbody.children].map((row) => [row.id, row]));
    let at = tbody.firstElementChild;
    for (const id of order) {
      const [before, after] = [old.get(id), fresh.get(id)];
      const row = after || before;
      old.delete(id);
      if (!row) {
        want(id.replace("container-", ""), 0); // it moved here from another page
        continue;
      }
      if (before && after) {
        const focused = [...before.querySelectorAll("a, button, input")].indexOf(document.activeElement);
        for (const box of before.querySelectorAll("input[type=checkbox]:checked")) {
          const same = after.querySelector(`input[type=checkbox][value="${CSS.escape(box.value)}"]`);
          if (same) same.checked = true;
        }
        if (before === at) at = after;
        before.replaceWith(after);
        if (focused >= 0) after.querySelectorAll("a, button, input")[focused]?.focus();
      }
      if (row === at) at = row.nextElementSibling;
      else tbody.insertBefore(row, at);
      if (after) window.htmx.process(after);
    }
    for (const gone of old.values()) gone.remove();
  };

  // Returns whether the response was recent enough.
  const show = (answer, asked) => {
    const holder = document.createElement("template");
    holder.innerHTML = answer;
    const part = holder.content.querySelector("[data-order]");
    const tbody = shown.querySelector("tbody");
    const order = part?.dataset.order.split(" ").filter(Boolean) || [];
    if (!order.length || !tbody) {
      reload(); // an empty list looks different
      return true;
    }
    const version = Number(part.dataset.version);
    for (const id of asked) if (wanted.get(id) <= version) wanted.delete(id);
    const fresh = new Map([...part.querySelectorAll("tbody > tr")].map((row) => [row.id, row]));
    place(tbody, order.map((id) => `container-${id}`), fresh);
    for (const piece of part.querySelectorAll("[data-piece]")) {
      const there = shown.querySelector(`[data-piece="${piece.dataset.piece}"]`);
      if (there && there.textContent.trim() !== piece.textContent.trim()) {
        there.replaceWith(piece);
        window.htmx.process(piece);
      }
    }
    tbody.dispatchEvent(new Event("change", { bubbles: true })); // static/js/chosen.js
    return asked.every((id) => !wanted.has(id));
  };

  const fetchWanted = async () => {
    if (busy) return;
    busy = true;
    try {
      while (wanted.size && table()) {
        if (wanted.size > MOST_ROWS || !shown.dataset.rows) return reload();
        const [about, asked] = [shown, [...wanted.keys()]];
        let answer = null;
        try {
          answer = await fetch(`${about.dataset.rows}&ids=${asked.join(",")}`, { headers: { "HX-Request": "true" } });
        } catch {
          await pause(AGAIN_AFTER); // the console restarts, or the network is down: "hello" follows
          continue;
        }
        if (!answer.ok || answer.redirected) return reload();
        const text = await answer.text();
        if (about === table() && !show(text, asked)) await pause(AGAIN_AFTER);
      }
    } finally {
      busy = false;
    }
  };

  const onRows = ({ data }) => {
    const { version, ids } = JSON.parse(data);
    history.push({ version, ids: ids ? ids.split(" ") : null });
    if (history.length > MOST_KEPT) forgotten = history.shift().version;
    if (!ids) return reload();
    if (!shown) return undefined;
    for (const id of ids.split(" ")) want(id, version);
    return fetchWanted();
  };

  const onTable = () => {
    if (table() === shown) return;
    shown = table();
    wanted.clear();
    const version = Number(shown?.dataset.version || 0);
    const since = history.filter((each) => each.version > version);
    if (!shown || !since.length) return;
    if (forgotten > version || since.some((each) => !each.ids)) {
      reload();
      return;
    }
    for (const each of since) for (const id of each.ids) want(id, each.version);
    fetchWanted();
  };

  document.addEventListener("htmx:sseOpen", ({ detail }) => {
    if (heard.has(detail.source)) return;
    heard.add(detail.source);
    detail.source.addEventListener("rows", onRows);
  });
  document.addEventListener("htmx:afterSettle", onTable);
  onTable();
})();
