// Every task works without this file; it makes the desk quicker.
import { startLive } from "./live.js";
import { startForms } from "./forms.js";
import { startComposer } from "./composer.js";
import { startCopying } from "./copy.js";
import { startFilters } from "./filter.js";
import { startItem } from "./item.js";
import { startSearch } from "./search.js";

startLive();
startForms();
startFilters();
startItem();
startCopying();
startComposer();
startSearch();
