// The item's page: the seconds in which "publish now" can be taken back, and the notice as it is written.

export function startItem() {
  count();
  document.addEventListener("live:changed", count);
  for (const area of document.querySelectorAll("[data-mirrored]")) mirror(area);
}

// The server says how many seconds are left; this clock only counts them down, so that it need not be right.
function count() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const end = performance.now() + Number(place.dataset.countdown) * 1000;
    clearInterval(place.counting);
    const show = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      place.textContent = left ? place.dataset.countdownText.replace("{n}", left) : place.dataset.countdownOver;
      if (!left || !place.isConnected) clearInterval(place.counting);
    };
    place.hidden = false;
    place.counting = setInterval(show, 250);
    show();
  }
}

function mirror(area) {
  const place = document.getElementById(area.dataset.mirrored);
  if (!place) return;
  area.addEventListener("input", () => {
    place.textContent = area.value.trim() || place.dataset.empty;
  });
}
