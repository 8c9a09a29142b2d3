// What changes while a fragment is being fetched is not lost.
//
// A live fragment fetches itself when a server-sent event names it. An event that comes between a
// request and the swap of its answer reaches the old element only, or the answer was made before it:
// so what is new on the page fetches itself once more if one of its events came after the request
// had begun, whoever asked for the swap (the fragment, a filter, a page of a list). The settle delay
// in page.html is 0 for the same reason: a new element hears from its first moment.
//
// A fragment's own reload gives way to a filter that is under way for the same target: its answer
// would replace the target, and the filter's would find nothing to replace.
(() => {
  const begun = new WeakMap(); // by a request's configuration: when it was sent
  const heard = new Map(); // by "sse:name": when the last such event arrived
  const awaited = new Map(); // by target: how many requests of other elements are under way for it
  const passed = new WeakSet(); // targets whose own reload gave way

  document.addEventListener("htmx:beforeRequest", ({ detail }) => begun.set(detail.requestConfig, performance.now()));
  document.addEventListener("htmx:sseMessage", ({ detail }) => heard.set(`sse:${detail.type}`, detail.timeStamp));
  const isOwn = ({ elt, target }) => elt === target;
  document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig } }) => {
    const { target } = requestConfig;
    if (!isOwn(requestConfig)) awaited.set(target, (awaited.get(target) || 0) + 1);
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!isOwn(detail.requestConfig) || !awaited.has(detail.target)) return;
    detail.shouldSwap = false;
    passed.add(detail.target);
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig } }) => {
    const { target } = requestConfig;
    if (isOwn(requestConfig)) return;
    if (awaited.get(target) > 1) awaited.set(target, awaited.get(target) - 1);
    else awaited.delete(target);
    // The filter failed: what it would have replaced is still there.
    if (passed.delete(target) && target.isConnected) window.htmx.trigger(target, "sse:hello");
  });
  document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
    const since = begun.get(detail.requestConfig);
    if (since === undefined || !target.isConnected) return;
    for (const fragment of [target, ...target.querySelectorAll("[hx-trigger*='sse:']")]) {
      const triggers = fragment.getAttribute("hx-trigger")?.match(/sse:[^\s,[]+/g) || [];
      const missed = triggers.find((trigger) => heard.get(trigger) > since);
      if (missed) window.htmx.trigger(fragment, missed);
    }
  });
})();
