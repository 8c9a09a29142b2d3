// What changes while a fragment is being fetched is not lost.
//
// A live fragment fetches itself when a server-sent event names it, and is replaced by the answer. An
// event that comes in between reaches the old element, which htmx forgets together with what it had
// queued. So it is remembered here, and the new element fetches itself once more. (The settle delay in
// page.html is 0 for the same reason: a new element hears from its first moment.)
(() => {
  const starting = new WeakSet(); // the event that is being handled has begun a request
  const missed = new WeakSet();

  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    missed.delete(detail.elt);
    starting.add(detail.elt);
    queueMicrotask(() => starting.delete(detail.elt));
  });
  document.addEventListener("htmx:sseMessage", ({ target }) => {
    if (!starting.has(target)) missed.add(target);
  });
  document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    const old = detail.requestConfig?.elt; // htmx sets detail.elt to the new one
    if (!old || old.isConnected || !missed.has(old)) return;
    const trigger = target.getAttribute?.("hx-trigger")?.match(/sse:[^\s,[]+/);
    if (!trigger) return;
    missed.delete(old);
    window.htmx.trigger(target, trigger[0]);
  });
})();
