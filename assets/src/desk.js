// Every task works without this file; it makes the desk quicker.
import { startLive } from "./live.js";
import { startForms } from "./forms.js";
import { startFilters } from "./filter.js";

startLive();
startForms();
startFilters();
