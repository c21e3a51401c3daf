// Times are shown by the venue's clock; visitors elsewhere see theirs when they point at it.
export function addVisitorsTime(element) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
  element.title = `${format.format(new Date(element.dateTime))}, your time`;
}
