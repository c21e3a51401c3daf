import { countDown } from "./countdown.js";
import { addVisitorsTime } from "./times.js";

document.querySelectorAll("[data-until]").forEach(countDown);
document.querySelectorAll(".when time").forEach(addVisitorsTime);
