// Buttons with data-copy="id of an input" copy its value; without scripts the text can be selected by hand.

export function startCopying() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const input = document.getElementById(button.dataset.copy);
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
  } catch {
    // No clipboard without https except on this machine: the text is selected, Ctrl+C takes it.
    return;
  }
  button.querySelector("span").textContent = button.dataset.copied;
  button.setAttribute("aria-live", "polite");
}
