// What changes while a fragment is being fetched is not lost.
//
// A live fragment fetches itself when a server-sent event names it. An event that comes between a
// request and the swap of its answer reaches the old element only, or the answer was made before it:
// so what is new on the page fetches itself once more if one of its events came after the request
// had begun, whoever asked for the swap (the fragment, a filter, a page of a list). The settle delay
// in page.html is 0 for the same reason: a new element hears from its first moment.
(() => {
  const begun = new WeakMap(); // by a request's configuration: when it was sent
  const heard = new Map(); // by "sse:name": when the last such event arrived

  document.addEventListener("htmx:beforeRequest", ({ detail }) => begun.set(detail.requestConfig, performance.now()));
  document.addEventListener("htmx:sseMessage", ({ detail }) => heard.set(`sse:${detail.type}`, detail.timeStamp));
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
