// Keeps what is typed: on the server a second after the last key, in this browser while no server answers.
import { formData } from "./composer-preview.js";
import { renewMark } from "./post.js";

const AFTER_KEY = 1000;
const TRY_AGAIN = 5000;
const SHELF = "composer:";

export function startKeeping(form) {
  goOnAsSent(form);
  const shelf = SHELF + form.elements.uid.value;
  const status = form.querySelector("[data-keep-status]");
  const signedOut = form.querySelector("[data-signed-out]");
  let timer = 0;
  let isDirty = false;
  let isSent = false;
  let running = null;

  function note() {
    if (isSent) return;
    isDirty = true;
    soon(AFTER_KEY);
  }

  function soon(wait) {
    clearTimeout(timer);
    timer = setTimeout(keep, wait);
  }

  async function keep() {
    if (!isDirty || isSent) return;
    if (running) return soon(AFTER_KEY);
    isDirty = false;
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.keep, {
        method: "POST",
        body: formData(form),
        credentials: "same-origin",
        signal: running.signal,
      });
      if (answer.status >= 500) throw new Error(answer.status);
      if (answer.status === 202) {
        // This form was sent a moment ago, and somebody came back to it: the words are not kept yet.
        isDirty = true;
        return soon(TRY_AGAIN);
      }
      const said = await answer.json();
      say(said.text ?? said.error, !answer.ok);
      if (answer.ok) {
        localStorage.removeItem(shelf);
        signedOut.hidden = said.signed_in;
      }
    } catch (error) {
      if (error.name !== "AbortError") keepHere();
    } finally {
      running = null;
    }
  }

  function keepHere() {
    isDirty = true;
    shelve(shelf, form);
    say(status.dataset.textOffline, true);
    soon(TRY_AGAIN);
  }

  function say(text, isWarning) {
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("is-warning", isWarning);
  }

  // The last words, when the page goes away before their second is over.
  function flush() {
    if (!isDirty || isSent) return;
    clearTimeout(timer);
    if (navigator.sendBeacon(form.dataset.keep, formData(form))) isDirty = false;
    else shelve(shelf, form);
  }

  async function lookForSession() {
    if (document.hidden || signedOut.hidden) return;
    try {
      signedOut.hidden = await renewMark();
    } catch {
      // No server: the next look will tell.
    }
  }

  form.addEventListener("input", note);
  form.addEventListener("change", note);
  form.addEventListener("composer:lost", () => {
    note();
    soon(0);
  });
  form.addEventListener("submit", (event) => {
    // Looked at later: another listener may still stop the press.
    queueMicrotask(() => {
      if (event.defaultPrevented) return;
      isSent = true;
      noteSent(form);
      clearTimeout(timer);
      running?.abort();
    });
  });
  window.addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => (document.hidden ? flush() : lookForSession()));
  window.addEventListener("focus", lookForSession);
  window.addEventListener("online", () => soon(0));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) isSent = false;
  });
  offerShelved(form, shelf);
}

// The browser may load an empty page for “back” and fill in what stood there: the server then hears from the
// same form again, knows that its item exists, and makes this its next version.
function noteSent(form) {
  const { uid, token } = form.elements;
  history.replaceState({ ...history.state, composer: { uid: uid.value, token: token.value } }, "");
}

function goOnAsSent(form) {
  const sent = history.state?.composer;
  if (!sent || form.dataset.page !== "new") return;
  form.dataset.keep = form.dataset.keep.replace(form.elements.uid.value, sent.uid);
  form.elements.uid.value = sent.uid;
  form.elements.token.value = sent.token;
}

function shelve(shelf, form) {
  const entries = [...formData(form)].filter(([name]) => !["csrf_token", "author"].includes(name));
  try {
    localStorage.setItem(shelf, JSON.stringify({ page: form.dataset.page, at: Date.now(), entries }));
  } catch {
    // A full or forbidden shelf: the text still stands in the form, and is tried again.
  }
}

// What an earlier page could not hand to the server.
function offerShelved(form, own) {
  const place = document.querySelector("[data-shelved]");
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(SHELF) && name !== own)) {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept.page !== form.dataset.page) continue;
    const offer = place.content.firstElementChild.cloneNode(true);
    const when = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    offer.querySelector("[data-when]").textContent = when;
    offer.querySelector("[data-take]").addEventListener("click", () => {
      localStorage.removeItem(key);
      bringBack(form, kept.entries);
    });
    offer.querySelector("[data-drop-it]").addEventListener("click", () => {
      localStorage.removeItem(key);
      offer.remove();
    });
    place.before(offer);
  }
}

// Posted as the form it was: the server draws the page with it, and changes nothing.
function bringBack(form, entries) {
  const carrier = document.createElement("form");
  carrier.method = "post";
  carrier.action = form.action;
  const fresh = ["csrf_token", "author", "uid", "token"].map((name) => [name, form.elements[name].value]);
  const marks = new Set(fresh.map(([name]) => name));
  for (const [name, value] of [...entries.filter(([name]) => !marks.has(name)), ...fresh, ["do", "preview"]]) {
    const input = Object.assign(document.createElement("textarea"), { name, value, hidden: true });
    carrier.append(input);
  }
  document.body.append(carrier);
  carrier.submit();
}
