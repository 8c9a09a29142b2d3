// Uploads files as soon as they are selected (templates/_upload.html): a progress bar each, then the
// id in the form. The submit button waits for all of them. The other end is api/files.py.
(() => {
  const headers = () => ({ ...JSON.parse(document.body.getAttribute("hx-headers") || "{}"), "X-Berth-Page": "1" });
  const spell = (bytes) => {
    const units = [gettext("bytes"), "KiB", "MiB", "GiB"];
    const unit = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
    return `${unit ? (bytes / 1024 ** unit).toFixed(1) : bytes} ${units[unit]}`;
  };
  const make = (tag, className, text = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  };
  const reason = (request) => {
    try {
      return JSON.parse(request.responseText).error.message;
    } catch {
      return request.status ? interpolate(gettext("The console answered with status %(status)s."), { status: request.status }, true) : gettext("The connection to the console was lost.");
    }
  };

  // The form waits: its buttons are disabled during an upload.
  const settle = (form) => {
    const busy = form.querySelector("[data-uploading]") !== null;
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = busy;
  };

  const send = (box, file) => {
    const form = box.closest("form");
    const line = make("li", "upload-line");
    const state = make("span", "small text-secondary", "0%");
    const bar = make("progress", "bar bar-thin");
    const drop = make("button", "icon-button small-button");
    const id = make("input", "");
    const request = new XMLHttpRequest();
    bar.max = Math.max(1, file.size);
    bar.value = 0;
    bar.setAttribute("aria-label", interpolate(gettext("Upload of %(name)s"), { name: file.name }, true));
    drop.type = "button";
    drop.setAttribute("aria-label", interpolate(gettext("Remove %(name)s"), { name: file.name }, true));
    drop.append(make("i", "ti ti-x"));
    id.type = "hidden";
    id.name = box.dataset.name;
    line.dataset.uploading = "";
    line.append(make("span", "mono clip", file.name), bar, state, drop);
    if (box.dataset.paths) {
      const path = make("input", "form-control form-control-sm mono");
      path.name = box.dataset.paths;
      path.value = file.webkitRelativePath || file.name;
      path.setAttribute("aria-label", interpolate(gettext("Path of %(name)s in the build context"), { name: file.name }, true));
      line.firstChild.replaceWith(path);
    }

    const end = (text, failed) => {
      delete line.dataset.uploading;
      bar.hidden = true;
      state.textContent = text;
      state.className = failed ? "small text-danger" : "small text-secondary";
      if (failed) for (const input of line.querySelectorAll("input")) input.disabled = true;
      settle(form);
    };
    drop.addEventListener("click", () => {
      request.abort();
      if (id.value) fetch(`${box.dataset.url}/${id.value}`, { method: "DELETE", headers: headers() });
      line.remove();
      settle(form);
    });
    request.upload.addEventListener("progress", ({ loaded }) => {
      bar.value = loaded;
      state.textContent = interpolate(gettext("%(loaded)s of %(size)s"), { loaded: spell(loaded), size: spell(file.size) }, true);
    });
    request.addEventListener("error", () => end(reason(request), true));
    request.addEventListener("load", () => {
      if (request.status !== 201) return end(reason(request), true);
      id.value = JSON.parse(request.responseText).id;
      line.append(id);
      end(spell(file.size), false);
    });
    if (!box.hasAttribute("data-several")) for (const old of box.querySelectorAll(".upload-line button")) old.click();
    box.querySelector("ul").append(line);
    const limit = Number(box.dataset.limit);
    if (limit && file.size > limit) return end(interpolate(gettext("Too large: at most %(limit)s."), { limit: spell(limit) }, true), true);
    settle(form);
    request.open("POST", `${box.dataset.url}?name=${encodeURIComponent(file.name)}`);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  };

  // A form that came back with errors already has its uploads.
  document.addEventListener("click", ({ target }) => {
    const line = target.closest?.("[data-drop-upload]")?.closest("li");
    if (!line) return;
    const { url, name } = line.closest("[data-upload]").dataset;
    fetch(`${url}/${line.querySelector(`input[name="${name}"]`).value}`, { method: "DELETE", headers: headers() });
    line.remove();
  });

  document.addEventListener("change", ({ target }) => {
    const box = target.closest?.("[data-upload]");
    if (!box || target.type !== "file") return;
    for (const file of target.files) send(box, file);
    target.value = ""; // the same file can be selected again
  });
})();
