// Sends one query to an account's engine over a WebSocket: logs, stats, a terminal.
//
//   const stream = window.berth.query(account, "container.logs", { container, follow: true }, {
//     open() {},                            // the engine has accepted the query
//     answers(list) {},                     // some answers, in order (engine/schema/queries.py)
//     end({ code, message, remedy }) {},    // once; message is "" after a normal end
//   });
//   stream.send({ type: "input", data });   // to a terminal
//   stream.close();                         // leave; end() is not called then
//
// The sender waits for slow pages: each message is acknowledged after the page has handled it and the
// browser had time to draw. If the connection drops before the first message, a few retries follow.
// Later, lines would be missing, so the page offers to load again.
(() => {
  const TRIES = 4;
  const REASONS = {
    4401: [gettext("You are signed out."), gettext("Sign in again.")],
    4403: [gettext("You are not allowed to do this."), ""],
    4404: [gettext("There is no such account."), ""],
    1006: [gettext("The connection to the console was lost."), gettext("Reload when it is back.")],
    1001: [gettext("The console is restarting."), gettext("Reload in a moment.")],
    1012: [gettext("The console is restarting."), gettext("Reload in a moment.")],
  };

  const query = (account, name, parameters, { open, answers, end }) => {
    let socket = null;
    let left = false;
    let opened = false;
    let failed = null; // the engine's own error
    let tries = 0;
    let timer = 0;

    const connect = () => {
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      const mine = new WebSocket(`${scheme}//${location.host}/live/accounts/${encodeURIComponent(account)}/queries/`);
      socket = mine;
      mine.onopen = () => mine.send(JSON.stringify({ query: name, parameters, acks: true }));
      mine.onmessage = ({ data }) => {
        if (left) return;
        const message = JSON.parse(data);
        if (!Array.isArray(message)) {
          if (message.type === "opened" && !opened) {
            opened = true;
            open?.();
          }
          return;
        }
        const bad = message.find((answer) => answer.type === "error");
        if (bad) failed = bad;
        const good = message.filter((answer) => answer.type !== "error");
        if (good.length) answers?.(good);
        // Not an animation frame: hidden tabs get none, and would block everything.
        setTimeout(() => mine.readyState === WebSocket.OPEN && mine.send('{"type":"seen"}'), 0);
      };
      mine.onclose = ({ code, reason }) => {
        if (left) return;
        if (!opened && (code === 1006 || code === 1012) && tries < TRIES) {
          timer = setTimeout(connect, 300 * 2 ** tries++);
          return;
        }
        left = true;
        const [message, remedy] = failed ? [failed.message, failed.remedy] : code === 1000 ? ["", ""] : REASONS[code] || [gettext("The connection ended."), ""];
        end?.({ code: failed?.code || code, message: failed ? message : reason || message, remedy: remedy || "" });
      };
    };
    connect();

    return {
      send(message) {
        if (!left && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
      },
      close() {
        left = true;
        clearTimeout(timer);
        socket.close(1000);
      },
    };
  };
  window.berth = { ...window.berth, query };
})();
