// Elements with data-live="/address" keep themselves fresh: asked again with the ETag they have, at the pace
// that the answer names. A hidden tab asks nothing; a page that lost its session says so and stops.

import { morph } from "./morph.js";

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

// What the person is typing into, has opened or stands on is left as it is.
function replace(element, html) {
  morph(element, html);
  element.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
}

function lose(element) {
  element.classList.add("is-stale");
  element.dispatchEvent(new CustomEvent("session:lost", { bubbles: true }));
}
