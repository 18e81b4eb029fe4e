// The composer: everything here also works without scripts; this keeps, shows and uploads while one writes.
import { startKeeping } from "./composer-keep.js";
import { startMarks } from "./composer-marks.js";
import { startMedia } from "./composer-media.js";
import { startPreview } from "./composer-preview.js";

export function startComposer() {
  const form = document.querySelector("form[data-composer]");
  if (!form) return;
  startMarks(form);
  startMedia(form);
  startTicks(form);
  startWhen(form);
  startPreview(form);
  startKeeping(form);
  form.addEventListener("keydown", (event) => {
    // Enter in a line is a slip of the hand while writing, not a wish to send.
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  });
}

// Something changed that no key press told: preview and draft follow.
export function noteChange(form) {
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function startTicks(form) {
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tick]");
    if (!button) return;
    event.preventDefault();
    tick(form, button);
    noteChange(form);
  });
  form.addEventListener("change", () => count(form));
  count(form);
}

function boxes(root) {
  return [...root.querySelectorAll('input[type="checkbox"][name="channels"]')];
}

// What one may only untick is not ticked by the way; a desk that is complete is taken out again.
function tick(form, button) {
  const group = button.dataset.tick === "group";
  const open = boxes(group ? button.closest("[data-group]") : form).filter((box) => !box.disabled);
  if (button.dataset.tick === "none") return open.forEach((box) => (box.checked = false));
  const own = open.filter((box) => !("foreign" in box.dataset));
  const value = !(group && own.every((box) => box.checked));
  for (const box of own) box.checked = value;
}

function count(form) {
  const place = form.querySelector("[data-count]");
  if (!place) return;
  const all = boxes(form);
  const words = place.dataset.count.split("|");
  place.textContent = words[0].replace("{chosen}", all.filter((box) => box.checked).length).replace("{all}", all.length);
}

function startWhen(form) {
  const due = form.querySelector('[name="due"]');
  form.addEventListener("change", (event) => {
    if (event.target.name !== "when" || event.target.value !== "later") return;
    if (!due.value) due.value = due.dataset.suggestion;
    due.focus();
  });
}
