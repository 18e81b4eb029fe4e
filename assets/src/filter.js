// Filters act at once. <form data-filter="id"> names the element that the answer replaces; without an id the
// whole page is asked for anew, as the form's own button does.

const TYPING_MS = 350;

export function startFilters() {
  for (const form of document.querySelectorAll("form[data-filter]")) actAtOnce(form);
}

function actAtOnce(form) {
  let timer = 0;
  const act = () => {
    clearTimeout(timer);
    if (form.dataset.filter) show(form);
    else form.requestSubmit();
  };
  form.addEventListener("change", (event) => {
    if (!event.target.matches('input[type="search"]')) act();
  });
  form.addEventListener("input", (event) => {
    if (!event.target.matches('input[type="search"]')) return;
    clearTimeout(timer);
    timer = setTimeout(act, TYPING_MS);
  });
  form.addEventListener("submit", (event) => {
    if (!form.dataset.filter) return;
    event.preventDefault();
    act();
  });
}

// Of two answers only the later one counts, whichever comes first.
let asked = null;

async function show(form) {
  const url = address(form);
  asked?.abort();
  asked = new AbortController();
  const results = document.getElementById(form.dataset.filter);
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: asked.signal });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(form.dataset.filter);
    for (const [name, value] of Object.entries(fresh.dataset)) results.dataset[name] = value;
    results.innerHTML = fresh.innerHTML;
    history.replaceState(history.state, "", url);
    results.removeAttribute("aria-busy");
    results.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
  } catch (error) {
    // A newer question took its place; or it failed: then the browser goes there and shows why.
    if (error.name !== "AbortError") location.assign(url);
  }
}

// Fields that say nothing stay out of the address.
function address(form) {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.append(name, value);
  return url;
}
