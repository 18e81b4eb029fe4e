// The cursor over the points, by pointer and by keys, and the line below that says what stands there.
import { amount, moment } from "./growth-format.js";

const WEEK = 7;

export function startCursor(figure, series, marks) {
  const plot = figure.querySelector("[data-plot]");
  const readout = figure.querySelector("[data-readout]");
  let chart = null;
  let place = series.x.length - 1;

  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-label", figure.dataset.textChart);
  plot.addEventListener("focus", () => go(place));
  plot.addEventListener("keydown", (event) => {
    const next = target(event.key, place, series.x.length);
    if (event.key === "Enter") marks.focus(place);
    else if (next === null) return;
    else go(next);
    event.preventDefault();
  });

  function go(next) {
    place = next;
    const left = chart.valToPos(series.x[place], "x");
    chart.setCursor({ left, top: chart.over.clientHeight / 2 });
  }

  return {
    attach(drawn) {
      chart = drawn;
    },
    say() {
      readout.textContent = sentence(figure, series, marks, place);
    },
    moved(drawn) {
      if (drawn.cursor.idx === null || drawn.cursor.idx === undefined) return;
      place = drawn.cursor.idx;
      readout.textContent = sentence(figure, series, marks, place);
    },
  };
}

function target(key, place, points) {
  const next = {
    ArrowLeft: place - 1,
    ArrowRight: place + 1,
    PageUp: place - WEEK,
    PageDown: place + WEEK,
    Home: 0,
    End: points - 1,
  }[key];
  return next === undefined ? null : Math.min(Math.max(next, 0), points - 1);
}

// «вт, 24 ноября 2026 г.: Всего 257 012. Вышло новостей: 3»
function sentence(figure, series, marks, place) {
  const shown = series.lines.filter((line) => isOn(figure, line));
  const values = shown.map((line) => {
    const value = line.values[place];
    return `${line.title} ${value === null ? figure.dataset.textGap : amount(value, series.measure)}`;
  });
  const gaps = series.gaps.filter((gap) => gap.first <= place && place <= gap.last).map((gap) => gap.text);
  const news = marks.count(place);
  const parts = [values.join(", "), ...gaps];
  if (news) parts.push(figure.dataset.textSeveral.replace("{num}", news));
  return `${moment(series.x[place], series.pace)}: ${parts.map((part) => part.replace(/\.$/, "")).join(". ")}.`;
}

function isOn(figure, line) {
  return figure.querySelector(`[data-line="${line.key}"]`)?.getAttribute("aria-pressed") !== "false";
}
