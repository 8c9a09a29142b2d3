// Asks for confirmation before anything with data-confirm="Remove web?", optionally with
// data-confirm-action="Remove" (the button's text) and data-confirm-detail="…".
// Works for plain forms, for htmx forms, and for htmx buttons outside of forms.
(() => {
  const dialog = document.getElementById("confirm");
  if (!dialog) return;

  const ask = (element, go) => {
    const { confirm, confirmAction, confirmDetail } = element.dataset;
    document.getElementById("confirm-question").textContent = confirm;
    document.getElementById("confirm-yes").textContent = confirmAction || gettext("Continue");
    const detail = document.getElementById("confirm-detail");
    detail.textContent = confirmDetail || "";
    detail.hidden = !confirmDetail;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && go(), { once: true });
    dialog.showModal();
  };

  // A live row may be replaced while its question is open. The answer still counts.
  const keep = (element) => {
    if (element.isConnected) return;
    element.hidden = true;
    document.body.append(element);
    window.htmx?.process(element);
  };

  // In the capture phase, so that the question precedes htmx's own listener on the form.
  let answered = null;
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const asker = event.submitter?.dataset.confirm ? event.submitter : form;
      if (!asker.dataset.confirm) return;
      if (answered === form) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const submitter = event.submitter;
      ask(asker, () => {
        keep(form);
        answered = form;
        form.requestSubmit(submitter?.form === form ? submitter : undefined);
        answered = null;
      });
    },
    true,
  );

  document.addEventListener("htmx:confirm", (event) => {
    const element = event.detail.elt;
    if (!element.dataset.confirm || event.detail.triggeringEvent?.type === "submit") return;
    event.preventDefault();
    ask(element, () => {
      keep(element);
      event.detail.issueRequest(true);
    });
  });

  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close("no");
  });
})();
