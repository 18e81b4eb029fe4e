// The live preview: the form goes to the code that publishes, its answer takes the old preview's place.
import { post } from "./post.js";

const AFTER_KEY = 500;
const AFTER_CHOICE = 60;

export function startPreview(form) {
  const region = regionOf(form, "preview");
  let timer = 0;
  let running = null;

  async function refresh() {
    running?.abort();
    const mine = (running = new AbortController());
    try {
      const answer = await post(form.dataset.preview, formData(form), { signal: mine.signal });
      if (answer.status === 401) return lost(form);
      if (!answer.ok) throw new Error(answer.status);
      show(form, region, await answer.text());
    } catch (error) {
      // The picture is old: say so by its look. The next change tries again.
      if (error.name !== "AbortError") region.classList.add("is-stale");
    }
  }

  function soon(wait) {
    clearTimeout(timer);
    timer = setTimeout(refresh, wait);
  }

  form.querySelector("[data-preview-button]").hidden = true;
  form.addEventListener("input", (event) => {
    if (event.target.matches("textarea, input:not([type=checkbox], [type=radio], [type=file])")) soon(AFTER_KEY);
  });
  form.addEventListener("change", () => soon(AFTER_CHOICE));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-redraw]");
    if (!button) return;
    event.preventDefault();
    redraw(form, button);
  });
}

// What the form says, without files: those go their own way.
export function formData(form) {
  const data = new FormData(form);
  data.delete("files");
  return data;
}

// The page asked for something that needs a session, and there is none any more: the text is kept first.
function lost(form) {
  form.dispatchEvent(new CustomEvent("composer:lost"));
}

function regionOf(root, name) {
  return root.querySelector(`[data-region="${name}"]`);
}

function show(form, region, html) {
  swap(region, html);
  region.classList.remove("is-stale");
  for (const template of region.querySelectorAll("template[data-for]")) {
    const place = regionOf(form, template.dataset.for);
    if (place.innerHTML.trim() !== template.innerHTML.trim()) swap(place, template.innerHTML);
  }
  const words = region.querySelector("template[data-words]").content;
  for (const word of words.querySelectorAll("[data-word]")) {
    // Only the text: a button that is being pressed stays the same button.
    const place = form.querySelector(`.composer-acts [data-word="${word.dataset.word}"]`);
    if (place) place.textContent = word.textContent;
  }
  announce(form, region);
}

// Polite: spoken when the verdict changes, not with every key.
function announce(form, region) {
  const status = form.querySelector("[data-preview-status]");
  const text = [...region.querySelectorAll("[data-summary], .field-error, .counter.is-over")]
    .map((element) => element.textContent.trim())
    .join(" ");
  const verdict = region.querySelector("[data-summary]").textContent.trim();
  if (status.dataset.verdict === verdict) return;
  if ("verdict" in status.dataset) status.textContent = text;
  status.dataset.verdict = verdict;
}

function swap(region, html) {
  const active = document.activeElement;
  const focused = region.contains(active) ? active.id : null;
  const open = [...region.querySelectorAll("details[open][id]")].map((details) => details.id);
  region.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// An own text comes or goes: the server draws the page, of which the two places that changed are taken.
async function redraw(form, button) {
  const data = formData(form);
  data.set("do", button.value);
  try {
    const answer = await post(form.action, data);
    if (answer.status === 401) return lost(form);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const before = new Set([...form.querySelectorAll('[data-region="own"] textarea')].map((area) => area.id));
    for (const name of ["own", "preview"]) swap(regionOf(form, name), regionOf(page, name).innerHTML);
    form.dispatchEvent(new CustomEvent("composer:redrawn"));
    const added = [...form.querySelectorAll('[data-region="own"] textarea')].find((area) => !before.has(area.id));
    (added ?? form.querySelector("#f-body")).focus();
    form.dispatchEvent(new Event("change", { bubbles: true }));
  } catch {
    // No answer: the plain way, which also says why.
    form.requestSubmit(button);
  }
}
