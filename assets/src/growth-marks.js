// Marks below the chart where news went out. Those too near to each other share a mark with their number. Hover or
// focus shows what went out; Enter or a press opens it, or goes into the list of several.

const NEAR = 30;
const MOST_SHOWN = 8;
const LEAVE_MS = 250;

export function startMarks(figure, series) {
  const row = figure.querySelector("[data-marks]");
  const tip = figure.querySelector("[data-tip]");
  const gained = new Map();
  let shown = [];
  let leaving = 0;

  tip.id = "growth-tip";
  row.hidden = !series.marks.length;
  for (const part of [row, tip]) {
    part.addEventListener("pointerleave", leave);
    part.addEventListener("pointerenter", stay);
    part.addEventListener("focusin", stay);
    part.addEventListener("focusout", leave);
  }
  row.addEventListener("keydown", walk);
  tip.addEventListener("keydown", (event) => {
    if (event.key === "Escape") back();
  });

  function stay() {
    clearTimeout(leaving);
  }

  function leave() {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      if (!tip.contains(document.activeElement) && !row.contains(document.activeElement)) tip.hidden = true;
    }, LEAVE_MS);
  }

  // One mark takes the Tab; the arrows go on to the others.
  function walk(event) {
    const here = shown.findIndex((mark) => mark.element === document.activeElement);
    const next = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: shown.length - 1 }[event.key];
    if (event.key === "Escape") tip.hidden = true;
    if (next === undefined || !shown[next]) return;
    event.preventDefault();
    focusOn(shown[next]);
  }

  function focusOn(mark) {
    for (const one of shown) one.element.tabIndex = one === mark ? 0 : -1;
    mark.element.focus();
  }

  function back() {
    const mark = shown.find((one) => one.element.getAttribute("aria-describedby"));
    if (mark) focusOn(mark);
  }

  function build(cluster) {
    const single = cluster.items.length === 1;
    const element = document.createElement(single ? "a" : "button");
    element.className = "growth-mark";
    const [first] = cluster.items;
    if (single) element.href = first.href;
    else {
      element.type = "button";
      element.addEventListener("click", () => tip.querySelector("a")?.focus());
    }
    element.textContent = single ? "" : cluster.items.length;
    element.setAttribute(
      "aria-label",
      single ? `${first.title}, ${first.when}` : figure.dataset.textSeveral.replace("{num}", cluster.items.length),
    );
    const mark = { ...cluster, element };
    element.addEventListener("pointerenter", () => show(mark));
    element.addEventListener("focus", () => show(mark));
    return mark;
  }

  function show(mark) {
    for (const one of shown) one.element.removeAttribute("aria-describedby");
    mark.element.setAttribute("aria-describedby", tip.id);
    tip.replaceChildren(list(mark.items));
    tip.hidden = false;
    const room = figure.clientWidth - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(mark.left - tip.offsetWidth / 2, room))}px`;
    tip.style.top = `${row.offsetTop + row.offsetHeight}px`;
  }

  function list(items) {
    const found = document.createElement("ul");
    for (const item of items.slice(0, MOST_SHOWN)) found.append(entry(item));
    if (items.length > MOST_SHOWN) {
      const more = document.createElement("li");
      more.textContent = `+${items.length - MOST_SHOWN}`;
      found.append(more);
    }
    return found;
  }

  function entry(item) {
    const [line, link, about] = ["li", "a", "span"].map((name) => document.createElement(name));
    link.href = item.href;
    link.textContent = item.title;
    about.className = "cell-sub";
    about.textContent = `${item.when} · ${item.where} · ${figure.dataset.textAfter}`;
    line.append(link, about);
    after(item).then((text) => {
      about.textContent = [item.when, item.where, text].filter(Boolean).join(" · ");
    });
    return line;
  }

  // Asked only for what somebody looks at, and once.
  function after(item) {
    if (!gained.has(item.id)) gained.set(item.id, ask(figure.dataset.after, item.id));
    return gained.get(item.id);
  }

  return {
    drawn(chart) {
      const offset = chart.over.offsetLeft;
      const had = shown.find((mark) => mark.element === document.activeElement);
      shown = clusters(series, (place) => offset + chart.valToPos(series.x[place], "x")).map(build);
      for (const mark of shown) {
        mark.element.style.left = `${mark.left}px`;
        mark.element.tabIndex = mark === shown.at(-1) ? 0 : -1;
      }
      row.replaceChildren(...shown.map((mark) => mark.element));
      const again = had && shown.find((mark) => mark.places.includes(had.places[0]));
      if (again) focusOn(again);
    },
    count(place) {
      return series.marks.filter((mark) => mark.place === place).reduce((sum, mark) => sum + mark.items.length, 0);
    },
    focus(place) {
      const mark = shown.find((one) => one.places.includes(place));
      if (mark) focusOn(mark);
    },
  };
}

function clusters(series, position) {
  const found = [];
  for (const mark of series.marks) {
    const left = position(mark.place);
    const last = found.at(-1);
    if (last && left - last.start < NEAR) {
      last.places.push(mark.place);
      last.items.push(...mark.items);
      last.left = (last.start + left) / 2;
    } else found.push({ places: [mark.place], items: [...mark.items], start: left, left });
  }
  return found;
}

async function ask(address, id) {
  const url = new URL(address, location.href);
  url.searchParams.set("item", id);
  try {
    const answer = await fetch(url, { credentials: "same-origin" });
    return answer.ok ? (await answer.json()).text : "";
  } catch {
    return "";
  }
}
