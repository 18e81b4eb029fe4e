// The growth page: a chart over the series that the page names. The table beside it says the same.
import { startGrowth } from "./growth-chart.js";

for (const figure of document.querySelectorAll("[data-growth]")) startGrowth(figure);
