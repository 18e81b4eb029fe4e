// The growth page: uPlot over the series that the page names. The table beside it says the same.
import uPlot from "uplot";

window.uPlot = uPlot;
