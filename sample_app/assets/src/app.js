// Times are by the venue's clock; visitors see theirs when they point at it.
const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
for (const time of document.querySelectorAll("time")) {
  time.title = `${format.format(new Date(time.dateTime))}, your time`;
}

// A reservation counts down, and then nobody can pay it.
for (const clock of document.querySelectorAll("[data-until]")) {
  setInterval(() => {
    const left = Math.ceil((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    clock.textContent = `${Math.floor(left / 60)} min ${left % 60} s`;
    if (left <= 0) clock.closest("form").remove();
  }, 1000);
}
