// Numbers and moments of the chart in the page's language. Seconds are the city's wall clock, as if it were UTC.

const LANGUAGE = document.documentElement.lang || "ru";
const DAY = 86_400;
const MONTH = 28 * DAY;

const number = new Intl.NumberFormat(LANGUAGE);
const signed = new Intl.NumberFormat(LANGUAGE, { signDisplay: "exceptZero" });
const form = (options) => new Intl.DateTimeFormat(LANGUAGE, { timeZone: "UTC", ...options });

const clock = form({ hour: "2-digit", minute: "2-digit" });
const shortDay = form({ day: "numeric", month: "short" });
const shortMonth = form({ month: "short" });
const monthAndYear = form({ month: "short", year: "numeric" });
const exact = {
  quarter: form({ day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }),
  hour: form({ day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }),
  day: form({ weekday: "short", day: "numeric", month: "long", year: "numeric" }),
  week: form({ day: "numeric", month: "long", year: "numeric" }),
  month: form({ month: "long", year: "numeric" }),
};

// «257 012»; with its sign where a change is meant.
export function amount(value, measure) {
  return (measure === "absolute" ? number : signed).format(value).replace("-", "−");
}

// The whole moment that a point stands for.
export function moment(seconds, pace) {
  return exact[pace].format(new Date(seconds * 1000));
}

// Marks of the time axis, as fine as their distance asks for.
export function timeMarks(marks, distance) {
  return marks.map((seconds) => {
    const date = new Date(seconds * 1000);
    if (distance < DAY) return seconds % DAY ? clock.format(date) : shortDay.format(date);
    if (distance < MONTH) return shortDay.format(date);
    return date.getUTCMonth() === 0 ? monthAndYear.format(date) : shortMonth.format(date);
  });
}
