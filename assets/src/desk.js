// Every task works without this file; it makes the desk quicker.
import { startArrivals } from "./arrival.js";
import { startLive } from "./live.js";
import { startForms } from "./forms.js";
import { startComposer } from "./composer.js";
import { startCopying } from "./copy.js";
import { startFilters } from "./filter.js";
import { startItem } from "./item.js";
import { startSearch } from "./search.js";

startArrivals();
startLive();
startForms();
startFilters();
startItem();
startCopying();
startComposer();
startSearch();
