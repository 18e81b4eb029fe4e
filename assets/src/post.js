// Posting from scripts: with the page's mark against forged requests, fetched anew once when it has grown old.

function mark() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

// Whether somebody is signed in; the page's marks are fresh afterwards.
export async function renewMark() {
  const answer = await fetch("/session", { cache: "no-store", credentials: "same-origin" });
  const state = await answer.json();
  document.querySelector('meta[name="csrf-token"]').content = state.csrf;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = state.csrf;
  return state.signed_in;
}

// The answer of a POST of FormData. On a stale mark it tries once more; a lost session gives status 401.
export async function post(url, data, options = {}) {
  const answer = await send(url, data, options);
  if (answer.status !== 400) return answer;
  await renewMark();
  return send(url, data, options);
}

function send(url, data, options) {
  return fetch(url, {
    method: "POST",
    body: data,
    headers: { "X-CSRFToken": mark(), Accept: "text/html, application/json" },
    credentials: "same-origin",
    ...options,
  });
}
