// The chart: uPlot over a JSON series, its legend as switches, its gaps hatched, redrawn for width and theme.
import uPlot from "uplot";

import { startCursor } from "./growth-cursor.js";
import { amount, timeMarks } from "./growth-format.js";
import { startMarks } from "./growth-marks.js";

const NARROW = 560;
// Lines that stand beside each other differ in more than colour.
const DASHES = [[], [7, 4], [], [2, 3], [], [9, 3, 2, 3], [], [4, 4], [12, 4], [2, 6]];

export async function startGrowth(figure) {
  try {
    const answer = await fetch(figure.dataset.growth, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(answer.status);
    show(figure, await answer.json());
  } catch {
    // The table below says the same; the figure only says why it is empty.
    figure.replaceChildren(figure.dataset.textFailed);
    figure.hidden = false;
  }
}

function show(figure, series) {
  figure.hidden = false;
  const plot = figure.querySelector("[data-plot]");
  const off = offAtFirst();
  const marks = startMarks(figure, series);
  const cursor = startCursor(figure, series, marks);
  let chart = null;
  const draw = () => {
    chart?.destroy();
    chart = new uPlot(options(figure, plot, series, off, [marks, cursor]), data(series), plot);
    cursor.attach(chart);
  };
  draw();
  cursor.say();
  followLegend(figure, series, off, () => chart);
  followWidth(plot, () => chart.setSize(size(plot)));
  // Colours are read once for a drawing: another theme needs another one.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  figure.dataset.drawn = "true";
}

function data(series) {
  return [series.x, ...series.lines.map((line) => line.values)];
}

function size(plot) {
  return { width: plot.clientWidth, height: plot.clientWidth < NARROW ? 240 : 340 };
}

function options(figure, plot, series, off, parts) {
  const colours = palette(figure);
  return {
    ...size(plot),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { x: { time: true }, y: { range: (_, low, high) => range(low, high, series.measure) } },
    axes: [timeAxis(colours), amountAxis(colours, series.measure)],
    series: [{}, ...series.lines.map((line, place) => drawnLine(line, place, colours, series, off))],
    hooks: {
      drawClear: [(chart) => hatchGaps(chart, series, colours.gap)],
      draw: parts.map((part) => part.drawn).filter(Boolean),
      setCursor: parts.map((part) => part.moved).filter(Boolean),
    },
  };
}

function drawnLine(line, place, colours, series, off) {
  const bars = series.measure === "step" && series.lines.length === 1;
  return {
    label: line.title,
    show: !off.has(line.key),
    stroke: colours.lines[place],
    fill: bars ? colours.lines[place] : undefined,
    width: place ? 1.75 : 2.5,
    dash: DASHES[place],
    spanGaps: false,
    points: { show: !bars && series.x.length <= 62, size: 5, fill: colours.lines[place] },
    paths: bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
  };
}

// A change is seen against nothing; an audience is not, or its changes would not be seen.
function range(low, high, measure) {
  if (low === null) return [0, 1];
  if (measure !== "absolute") [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const room = Math.max((high - low) * 0.06, 1);
  return [low < 0 || measure === "absolute" ? Math.floor(Math.max(low - room, low < 0 ? -Infinity : 0)) : 0, Math.ceil(high + room)];
}

function timeAxis(colours) {
  return {
    ...axis(colours),
    space: 72,
    values: (chart, marks, place, space, distance) => timeMarks(marks, distance),
  };
}

function amountAxis(colours, measure) {
  return {
    ...axis(colours),
    // Readers and changes of readers are whole.
    incrs: [1, 2, 5].flatMap((step) => [...Array(9).keys()].map((power) => step * 10 ** power)).sort((a, b) => a - b),
    values: (chart, marks) => marks.map((value) => amount(value, measure)),
    size: (chart, marks) => 18 + 7.5 * Math.max(1, ...(marks ?? []).map((mark) => mark.length)),
  };
}

function axis(colours) {
  return {
    stroke: colours.text,
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 5 },
  };
}

// What the style sheet says, as colours that a canvas understands.
function palette(figure) {
  const style = getComputedStyle(figure);
  return {
    text: style.color,
    grid: style.borderTopColor,
    gap: style.outlineColor,
    lines: [...figure.querySelectorAll(".growth-swatch")].map((one) => getComputedStyle(one).backgroundColor),
  };
}

// Where something was not counted the line breaks, and the paper is hatched.
function hatchGaps(chart, series, colour) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  for (const gap of series.gaps) {
    const [from, to] = [between(chart, series.x, gap.first, -1), between(chart, series.x, gap.last, 1)];
    ctx.rect(from, bbox.top, Math.max(to - from, 2), bbox.height);
  }
  ctx.clip();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  const step = 8 * devicePixelRatio;
  for (let x = bbox.left - bbox.height; series.gaps.length && x < bbox.left + bbox.width; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

// Half way to the neighbour.
function between(chart, x, place, side) {
  const neighbour = x[place + side] ?? x[place];
  const position = chart.valToPos((x[place] + neighbour) / 2, "x", true);
  return Math.min(Math.max(position, chart.bbox.left), chart.bbox.left + chart.bbox.width);
}

// The legend's buttons put lines away; the address says which, so that a copied link shows the same.
function followLegend(figure, series, off, chart) {
  for (const button of figure.querySelectorAll("[data-line]")) {
    const place = series.lines.findIndex((line) => line.key === button.dataset.line);
    button.setAttribute("aria-pressed", String(!off.has(button.dataset.line)));
    button.addEventListener("click", () => {
      const key = button.dataset.line;
      if (!off.delete(key)) off.add(key);
      button.setAttribute("aria-pressed", String(!off.has(key)));
      chart().setSeries(place + 1, { show: !off.has(key) });
      writeOff(figure, off);
    });
  }
  writeOff(figure, off);
}

function offAtFirst() {
  return new Set(new URL(location.href).searchParams.getAll("off"));
}

function writeOff(figure, off) {
  const link = document.getElementById(figure.dataset.link);
  link.value = withOff(link.value, off);
  history.replaceState(history.state, "", withOff(location.href, off));
}

function withOff(address, off) {
  const url = new URL(address);
  url.searchParams.delete("off");
  for (const key of off) url.searchParams.append("off", key);
  return url.href;
}

function followWidth(plot, resize) {
  let width = plot.clientWidth;
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    resize();
  }).observe(plot);
}
