import { clock, left } from "./times.js";

// Times are by the venue's clock; visitors see theirs when they point at it.
for (const time of document.querySelectorAll("time")) time.title = clock(time.dateTime);

// A reservation counts down, and then nobody can pay it.
for (const span of document.querySelectorAll("[data-until]")) {
  setInterval(() => {
    span.textContent = left(span.dataset.until);
    if (!span.textContent) span.closest("form").remove();
  }, 1000);
}
