// Bring new HTML into an element that people are using: nodes that stay the same stay the same nodes, so that
// focus, typed text, selections and opened details live through it. Nodes are told apart by id or data-key.

export function morph(element, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  children(element, fresh.content);
  if (!focused || document.activeElement === focused) return;
  // It was moved, or it went: then the place itself gets the focus, so that the keyboard goes on from here.
  if (!element.contains(focused)) element.tabIndex = -1;
  (element.contains(focused) ? focused : element).focus({ preventScroll: true });
}

function children(parent, fresh) {
  const wanted = [...fresh.childNodes];
  const names = new Set(wanted.map(nameOf).filter(Boolean));
  for (const node of [...parent.childNodes]) if (nameOf(node) && !names.has(nameOf(node))) node.remove();
  const named = new Map([...parent.childNodes].filter(nameOf).map((node) => [nameOf(node), node]));
  let place = parent.firstChild;
  for (const node of wanted) {
    const name = nameOf(node);
    const found = name ? named.get(name) : place && !nameOf(place) ? place : null;
    if (!found || found.nodeName !== node.nodeName) {
      parent.insertBefore(node, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else parent.insertBefore(found, place);
    if (!found.isEqualNode(node)) update(found, node);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function nameOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";
}

function update(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name, value } of fresh.attributes) {
    if (!isTheirs(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!isTheirs(old, name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  if (old.nodeName !== "TEXTAREA") children(old, fresh);
}

// What the person, or a script, has set since the page came.
function isTheirs(element, name) {
  return (
    (name === "open" && element.nodeName === "DETAILS") ||
    name === "data-sent" ||
    name === "aria-busy" ||
    (name === "value" && element.nodeName === "INPUT" && element.type !== "hidden")
  );
}
