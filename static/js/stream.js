// Asks an engine over a WebSocket: logs, plots, terminals.
//
//   const stream = berth.query(account, "container.logs", parameters, {
//     open()            the question is on its way
//     answers(list)     answers, in order, a batch at a time
//     end({message, remedy, code})   it is over; without a message, as it should be
//   });
//   stream.send({type: "input", …});   stream.close();
(() => {
  const REASONS = {
    4400: "The page asked for something that makes no sense.",
    4401: "You are signed out.",
    4403: "Your role does not allow this any more.",
    4404: "There is no such account.",
    4503: "Nobody answers.",
    1006: "The connection broke off.",
  };

  const query = (account, name, parameters, { open, answers, end }) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live/accounts/${encodeURIComponent(account)}/queries/`);
    let failure = null;
    let left = false;
    socket.addEventListener("open", () => {
      socket.send(JSON.stringify({ query: name, parameters }));
      open?.();
    });
    socket.addEventListener("message", (event) => {
      const batch = JSON.parse(event.data);
      failure = batch.find((answer) => answer.type === "error") ?? failure;
      const useful = batch.filter((answer) => answer.type !== "error");
      if (useful.length) answers?.(useful);
    });
    socket.addEventListener("close", (event) => {
      if (left) return;
      const message = failure?.message ?? REASONS[event.code] ?? "";
      end?.({ message, remedy: failure?.remedy ?? "", code: event.code });
    });
    return {
      send: (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message)),
      close: () => {
        left = true;
        socket.close();
      },
    };
  };

  window.berth = { ...window.berth, query };
})();
