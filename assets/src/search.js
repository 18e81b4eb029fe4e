// The search box from the keyboard: "/" goes to it from anywhere, the arrows go through what was found, and a
// screen reader hears how much that is.

const FIELDS = 'input, select, textarea, [contenteditable=""], [contenteditable="true"]';

export function startSearch() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "/" && !event.target.closest(FIELDS)) toBox(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") walk(event);
  });
  document.addEventListener("live:changed", (event) => {
    const place = document.querySelector("[data-search-said]");
    if (place && event.target.id === "found") place.textContent = event.target.dataset.said;
  });
  // Whoever came here by typing goes on typing; on a phone the keyboard would hide what was found.
  const box = document.querySelector("#f-q[data-search-box]");
  if (box && document.activeElement === document.body && matchMedia("(hover: hover)").matches) focus(box);
}

function toBox(event) {
  const boxes = [...document.querySelectorAll("[data-search-box]")];
  if (!boxes.length) return;
  event.preventDefault();
  let box = boxes.find(isVisible);
  if (!box) {
    box = boxes.find((each) => each.closest("details[data-menu]")) ?? boxes[0];
    box.closest("details")?.setAttribute("open", "");
  }
  focus(box);
  box.select();
}

function walk(event) {
  const box = document.querySelector("#f-q[data-search-box]");
  const hits = [...document.querySelectorAll("#found [data-hit]")];
  const place = hits.indexOf(event.target);
  const isIdle = event.target === box || event.target === document.body;
  if (!box || !hits.length || (place < 0 && !isIdle)) return;
  const step = event.key === "ArrowDown" ? 1 : -1;
  if (place < 0 && step < 0) return;
  event.preventDefault();
  (hits[place + step] ?? (step < 0 ? box : hits[place])).focus();
}

function focus(box) {
  box.focus({ preventScroll: true });
  box.setSelectionRange(box.value.length, box.value.length);
}

function isVisible(element) {
  return element.getClientRects().length > 0;
}
