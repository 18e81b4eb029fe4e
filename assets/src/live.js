// Elements with data-live="/address" keep themselves fresh: asked again with the ETag they have, at the pace
// that the answer names. A hidden tab asks nothing; a page that lost its session says so and stops.

const FIRST_SECONDS = 2;
const SLOWEST_SECONDS = 60;

export function startLive(root = document) {
  for (const element of root.querySelectorAll("[data-live]")) {
    if (!element.liveStarted) {
      element.liveStarted = true;
      follow(element);
    }
  }
}

function follow(element) {
  let etag = element.dataset.liveEtag ?? null;
  let seconds = Number(element.dataset.liveSeconds) || FIRST_SECONDS;
  let timer = 0;
  let asking = false;

  async function ask() {
    if (asking || document.hidden || !element.isConnected) return;
    asking = true;
    const address = element.dataset.live;
    try {
      const answer = await fetch(address, {
        headers: etag ? { "If-None-Match": etag } : {},
        cache: "no-store",
        credentials: "same-origin",
      });
      if (answer.status === 401) return lose(element);
      seconds = Number(answer.headers.get("X-Live-Seconds")) || seconds;
      // A filter may have asked for something else meanwhile.
      if (answer.ok && answer.status !== 304 && address === element.dataset.live) {
        etag = answer.headers.get("ETag");
        replace(element, await answer.text());
      }
      element.classList.toggle("is-stale", !answer.ok && answer.status !== 304);
    } catch {
      // No network: show that the picture is old, and ask less and less often.
      element.classList.add("is-stale");
      seconds = Math.min(seconds * 2, SLOWEST_SECONDS);
    } finally {
      asking = false;
    }
    schedule();
  }

  function schedule() {
    clearTimeout(timer);
    if (!document.hidden && element.isConnected) timer = setTimeout(ask, seconds * 1000);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  schedule();
}

// New content; what the person is typing into or has opened there is left alone until they are done.
function replace(element, html) {
  const active = document.activeElement;
  const typing = element.contains(active) && active.matches("input, textarea, select");
  if (typing || element.querySelector("details[open] form")) return;
  const focused = element.contains(active) ? active.dataset.key ?? active.id : null;
  const open = [...element.querySelectorAll("details[open][id]")].map((d) => d.id);
  element.innerHTML = html;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (focused) {
    const again = element.querySelector(`[data-key="${CSS.escape(focused)}"], #${CSS.escape(focused)}`);
    again?.focus({ preventScroll: true });
  }
  element.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
}

function lose(element) {
  element.classList.add("is-stale");
  element.dispatchEvent(new CustomEvent("session:lost", { bubbles: true }));
}
