// The page keeps itself fresh: elements with data-live ask once a second for their content, with the ETag they
// have. Posts are matched by key, so that what a person has opened stays open, and what is new can be seen.

const EVERY_MS = 1000;
const SLOWEST_MS = 15000;
const NEW_MS = 8000;
const GONE_MS = 1600;
const SEEN = "sandbox-seen";

// Live parts

function follow(element) {
  if (element.followed) return;
  element.followed = true;
  let etag = element.dataset.etag ?? null;
  let wait = EVERY_MS;
  let timer = 0;
  let asking = false;

  async function ask() {
    clearTimeout(timer);
    if (asking || document.hidden || !element.isConnected) return;
    asking = true;
    let answer = null;
    let html = null;
    try {
      const headers = etag ? { "If-None-Match": quoted(etag) } : {};
      answer = await fetch(element.dataset.live, { headers, cache: "no-store" });
      if (answer.status === 200) html = await answer.text();
    } catch {
      answer = null;
    }
    asking = false;
    wait = answer ? EVERY_MS : Math.min(wait * 2, SLOWEST_MS);
    timer = setTimeout(ask, wait);
    tellLost(!answer || (!answer.ok && answer.status !== 304));
    if (answer && isAnother(answer, etag)) return location.reload();
    if (html === null) return;
    etag = answer.headers.get("ETag");
    merge(element, parse(html), true);
    refresh(element);
  }

  element.askNow = ask;
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  timer = setTimeout(ask, EVERY_MS);
}

// What is shown is gone, or the sandbox was started anew and no longer knows this page's forms.
function isAnother(answer, etag) {
  if (answer.status === 404) return true;
  const told = answer.headers.get("ETag");
  return Boolean(etag && told) && processOf(etag) !== processOf(told);
}

const processOf = (etag) => etag.replace('"', "").split("-")[0];
const quoted = (etag) => (etag.includes('"') ? etag : `"${etag}"`);

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

function tellLost(lost) {
  document.querySelector("[data-lost]").hidden = !lost;
}

// Children are matched by data-key. The same data-mark: only the counts are taken over; data-keyed: looked into.
function merge(old, fresh, top) {
  const known = new Map();
  for (const child of old.children) if (child.dataset.key && !child.leaving) known.set(child.dataset.key, child);
  const first = top && !known.size;
  let previous = null;
  for (const child of [...fresh.children]) {
    const standing = known.get(child.dataset.key);
    known.delete(child.dataset.key);
    const result = standing ? update(standing, child) : arrive(child, first);
    const next = following(old, previous);
    if (result !== next) old.insertBefore(result, next);
    previous = result;
  }
  for (const gone of known.values()) leave(gone);
}

function following(parent, previous) {
  let next = previous ? previous.nextElementSibling : parent.firstElementChild;
  while (next?.leaving) next = next.nextElementSibling;
  return next;
}

function update(standing, child) {
  if ("keyed" in child.dataset) {
    merge(standing, child, false);
  } else if (standing.dataset.mark === child.dataset.mark) {
    for (const part of child.querySelectorAll("[data-part]")) {
      const shown = standing.querySelector(`[data-part="${part.dataset.part}"]`);
      if (shown) shown.replaceChildren(...part.childNodes);
    }
  } else if (standing.querySelector("details[open] textarea, details[open] input")) {
    standing.classList.add("is-changed");
  } else {
    const focused = standing.contains(document.activeElement);
    standing.replaceWith(child);
    if ("post" in child.dataset) flash(child, "is-changed");
    if (focused) keepFocus(child);
    return child;
  }
  return standing;
}

// The button that was pressed may be gone now: the keyboard goes on close by.
function keepFocus(child) {
  const next = child.querySelector("a, button, summary") ?? child.closest(".drill") ?? child;
  if (!next.matches("a, button, summary")) next.tabIndex = -1;
  next.focus({ preventScroll: true });
}

function arrive(child, quietly) {
  if ("post" in child.dataset && !quietly) flash(child, "is-new");
  return child;
}

function leave(element) {
  if (!("post" in element.dataset)) return element.remove();
  element.leaving = true;
  element.classList.add("is-gone");
  element.inert = true;
  setTimeout(() => element.remove(), GONE_MS);
}

function flash(element, name) {
  element.classList.add(name);
  setTimeout(() => element.classList.remove(name), NEW_MS);
}

// Times, in the reader's zone and words

const language = document.documentElement.lang;
const sameDay = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const sameYear = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const anyDay = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "medium" });

function writeTimes(root) {
  const now = new Date();
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = new Date(element.dateTime);
    const format = at.toDateString() === now.toDateString() ? sameDay : at.getFullYear() === now.getFullYear() ? sameYear : anyDay;
    element.textContent = format.format(at);
    element.title = exact.format(at);
  }
}

// What this browser has seen of each channel

function readSeen() {
  try {
    return JSON.parse(localStorage.getItem(SEEN)) ?? {};
  } catch {
    return {};
  }
}

function markNew() {
  const seen = readSeen();
  const open = document.querySelector("[data-channel]")?.dataset.channel;
  for (const row of document.querySelectorAll("a[data-ids]")) {
    const handle = row.dataset.handle;
    const ids = row.dataset.ids.split(" ").filter(Boolean).map(Number);
    const last = Math.max(0, ...ids);
    row.toggleAttribute("aria-current", handle === open);
    if (handle === open && !document.hidden) seen[handle] = Math.max(last, seen[handle] ?? 0);
    seen[handle] ??= last;
    const fresh = ids.filter((id) => id > seen[handle]).length;
    const badge = row.querySelector(".new");
    badge.hidden = fresh === 0;
    badge.querySelector("[data-new]").textContent = fresh < ids.length || fresh < 20 ? fresh : `${fresh}+`;
  }
  try {
    localStorage.setItem(SEEN, JSON.stringify(seen));
  } catch {
    // A browser that keeps nothing shows everything as seen.
  }
}

// What a person opens

function reveal(spoiler) {
  spoiler.classList.add("is-open");
  spoiler.querySelector(":scope > .spoiler-text").inert = false;
  spoiler.querySelector(":scope > .spoiler-show").remove();
}

function unfold(button) {
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", open);
  button.closest(".quote").classList.toggle("is-open", open);
  button.textContent = open ? document.body.dataset.less : document.body.dataset.more;
}

// A short quote has nothing to unfold.
function measureQuotes(root) {
  for (const quote of root.querySelectorAll(".quote-long:not(.is-open)")) {
    const text = quote.querySelector(".quote-text");
    quote.querySelector(".quote-more").hidden = text.scrollHeight <= text.clientHeight + 2;
  }
}

document.addEventListener("click", (event) => {
  const spoiler = event.target.closest(".spoiler:not(.is-open)");
  if (spoiler) return reveal(spoiler);
  const more = event.target.closest(".quote-more");
  if (more) unfold(more);
});

// A menu that opens at the edge of the screen comes into sight.
document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.menu[open]")) event.target.lastElementChild.scrollIntoView({ block: "nearest" });
}, true);

// The latest post is at the bottom, as on a phone

const chat = document.querySelector("[data-chat]");
let atBottom = true;

function stickToBottom() {
  if (chat && atBottom) chat.scrollTop = chat.scrollHeight;
}

chat?.addEventListener("scroll", () => {
  atBottom = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
});
if (chat) new ResizeObserver(stickToBottom).observe(chat.querySelector(".posts"));

// Drills

const opener = document.querySelector("#open-drill[data-panel]");
const drill = document.querySelector("aside.drill");

async function openDrill() {
  const answer = await fetch(opener.dataset.panel, { cache: "no-store" });
  if (!answer.ok) return tellLost(true);
  const head = document.createElement("div");
  head.className = "drill-head";
  const title = document.createElement("h2");
  title.textContent = drill.getAttribute("aria-label");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button";
  close.textContent = drill.dataset.close;
  close.addEventListener("click", closeDrill);
  head.append(title, close);
  drill.replaceChildren(head, parse(await answer.text()));
  drill.hidden = false;
  document.body.classList.add("with-drill");
  opener.setAttribute("aria-expanded", "true");
  start(drill);
  close.focus();
}

function closeDrill() {
  drill.hidden = true;
  drill.replaceChildren();
  document.body.classList.remove("with-drill");
  opener.setAttribute("aria-expanded", "false");
  opener.focus();
}

if (opener) {
  opener.setAttribute("role", "button");
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    if (drill.hidden) openDrill();
    else closeDrill();
  });
  opener.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    opener.click();
  });
  drill.addEventListener("keydown", (event) => event.key === "Escape" && closeDrill());
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const problem = document.querySelector("[data-problem]");
  if (form.sending) return;
  form.sending = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" },
    });
    if (problem) {
      problem.hidden = answer.ok;
      problem.textContent = answer.ok ? "" : await answer.text();
    }
    if (answer.ok) form.closest("details")?.removeAttribute("open");
  } catch {
    tellLost(true);
  }
  form.sending = false;
  for (const element of document.querySelectorAll("[data-live]")) element.askNow?.();
});

// How large the tiles are: on a wide screen so small that all of them are in sight

const SIZE = "sandbox-size";
const size = document.querySelector("[data-size]");
if (size) {
  const wall = document.querySelector(".wall");
  const chosen = localStorage.getItem(SIZE);
  const show = (compact) => {
    wall.classList.toggle("is-compact", compact);
    size.textContent = compact ? size.dataset.roomy : size.dataset.compact;
  };
  size.hidden = false;
  show(chosen ? chosen === "compact" : matchMedia("(min-width: 70rem)").matches);
  size.addEventListener("click", () => {
    const compact = !wall.classList.contains("is-compact");
    localStorage.setItem(SIZE, compact ? "compact" : "roomy");
    show(compact);
  });
}

function refresh(root) {
  writeTimes(root);
  measureQuotes(root);
  markNew();
  stickToBottom();
}

function start(root) {
  for (const element of root.querySelectorAll("[data-live]")) follow(element);
  refresh(root);
}

document.addEventListener("visibilitychange", () => document.hidden || markNew());
start(document);
