// What a page has waited for is there: the page opens it, unless somebody is just typing into it.
export function startArrivals() {
  document.addEventListener("live:changed", (event) => {
    const link = event.target.querySelector("a[data-arrived]");
    const isTyping = document.activeElement?.matches("input, textarea, select");
    if (link && !isTyping) location.replace(link.href);
  });
}
