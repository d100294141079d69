/** Dates without the host's Date: days to year, month, day by the proleptic Gregorian calendar. */
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS_PER_ERA = 146_097; // 400 years

export interface CivilTime {
  readonly year: number;
  /** 0 = January. */
  readonly month: number;
  readonly day: number;
  /** 0 = Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** UTC of seconds since 1970. Source: Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. */
export function civilTime(unixSeconds: number): CivilTime {
  const days = Math.floor(unixSeconds / 86_400);
  const inDay = unixSeconds - days * 86_400;
  const shifted = days + 719_468; // days since 0000-03-01
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 2 : fromMarch - 10;
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
    weekday: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(inDay / 3600),
    minute: Math.floor(inDay / 60) % 60,
    second: inDay % 60,
  };
}

/** strftime '%a %b %d %H:%M:%S %Z %Y': 'Mon Nov 23 11:11:17 UTC 2026'. */
export function formatDate(unixSeconds: number): string {
  const time = civilTime(unixSeconds);
  const clock = [time.hour, time.minute, time.second].map(twoDigits).join(':');
  return `${WEEKDAYS[time.weekday]} ${MONTHS[time.month]} ${twoDigits(time.day)} ${clock} UTC ${time.year}`;
}

/** 'Nov 23 11:11' as ls -l shows it. */
export function formatShortDate(unixSeconds: number): string {
  const time = civilTime(unixSeconds);
  return `${MONTHS[time.month]} ${twoDigits(time.day)} ${twoDigits(time.hour)}:${twoDigits(time.minute)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
