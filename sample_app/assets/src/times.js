const format = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const clock = (moment) => `${format.format(new Date(moment))}, your time`;

export function left(moment) {
  const seconds = Math.ceil((Date.parse(moment) - Date.now()) / 1000);
  return seconds > 0 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : "";
}
