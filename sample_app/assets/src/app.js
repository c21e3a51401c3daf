// Times are by the venue's clock; visitors see theirs when they point at it.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const clock = (time) => `${format.format(new Date(time.dateTime))}, your time`;
for (const time of document.querySelectorAll("time")) time.title = clock(time);

// A reservation counts down, and then nobody can pay it.
for (const timer of document.querySelectorAll("[data-until]")) {
  setInterval(() => {
    const left = Math.ceil((Date.parse(timer.dataset.until) - Date.now()) / 1000);
    timer.textContent = `${Math.floor(left / 60)} min ${left % 60} s`;
    if (left <= 0) timer.closest("form").remove();
  }, 1000);
}
