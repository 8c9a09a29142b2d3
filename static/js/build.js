// The build form: presets insert a Containerfile, after a question if there already is text.
(() => {
  document.addEventListener("click", ({ target }) => {
    const preset = target.closest?.("[data-preset]");
    if (!preset) return;
    const text = document.getElementById("id_containerfile");
    if (text.value.trim() && text.dataset.preset !== text.value) {
      text.focus();
      text.select();
      if (!preset.dataset.sure) {
        preset.dataset.sure = "yes";
        preset.dataset.words = preset.textContent;
        preset.textContent = gettext("Replace the text?");
        return;
      }
    }
    if (preset.dataset.words) preset.textContent = preset.dataset.words;
    delete preset.dataset.sure;
    text.value = document.getElementById(preset.dataset.preset).content.textContent.trim() + "\n";
    text.dataset.preset = text.value;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  });
})();
