// Forms: focus goes to the first error, a pressed button cannot be pressed twice.

export function startForms() {
  focusFirstError();
  document.addEventListener("submit", pressOnce);
  window.addEventListener("pageshow", release);
  for (const menu of document.querySelectorAll("details[data-menu]")) closeOutside(menu);
}

function focusFirstError() {
  const field = document.querySelector('[aria-invalid="true"]');
  (field ?? document.querySelector("[data-form-errors]"))?.focus();
}

// The server knows double presses too; this spares the person the doubt.
function pressOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
}

// Back from the next page: the form may be sent again.
function release() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
}

function closeOutside(menu) {
  document.addEventListener("click", (event) => {
    if (menu.open && !menu.contains(event.target)) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
