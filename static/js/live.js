// Loses no change while a fragment is being fetched.
//
// A live fragment fetches itself when a server-sent event names it. An event between a request and
// the swap of its response only reaches the old element, or is newer than the response. So a new
// element fetches itself again if one of its events came after the request was sent, whatever
// requested the swap (the fragment, a filter, a page of a list). For the same reason, the settle
// delay in page.html is 0: a new element listens from the start.
//
// A fragment's own reload yields to a pending filter with the same target: its response would
// replace the target, and the filter's would find nothing to replace.
(() => {
  const begun = new WeakMap(); // by a request's configuration: the time it was sent
  const heard = new Map(); // by "sse:name": the time of the last such event
  const awaited = new Map(); // by target: the number of pending requests of other elements
  const passed = new WeakSet(); // targets whose own reload yielded

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
    // The filter failed, so its target is still there.
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
