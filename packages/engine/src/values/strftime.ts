const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const two = (n: number): string => String(n).padStart(2, "0");
const spaced = (n: number): string => String(n).padStart(2, " ");
const hour12 = (d: Date): number => (d.getUTCHours() % 12 === 0 ? 12 : d.getUTCHours() % 12);
const dayOfYear = (d: Date): number =>
  Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
const iso = (d: Date, from: number, to: number): string => d.toISOString().slice(from, to);

/** Week of the year, weeks beginning on `first` (0 = Sunday); days before the first such day are in week 0. */
const week = (d: Date, first: number): number =>
  Math.floor((dayOfYear(d) + 6 - ((d.getUTCDay() - first + 7) % 7)) / 7);

const directives: Readonly<Record<string, (d: Date) => string>> = {
  A: (d) => days[d.getUTCDay()] ?? "",
  a: (d) => (days[d.getUTCDay()] ?? "").slice(0, 3),
  B: (d) => months[d.getUTCMonth()] ?? "",
  b: (d) => (months[d.getUTCMonth()] ?? "").slice(0, 3),
  C: (d) => two(Math.floor(d.getUTCFullYear() / 100)),
  c: (d) =>
    `${days[d.getUTCDay()]?.slice(0, 3)} ${months[d.getUTCMonth()]?.slice(0, 3)} ${spaced(d.getUTCDate())} ${iso(d, 11, 19)} ${d.getUTCFullYear()}`,
  D: (d) => `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/${two(d.getUTCFullYear() % 100)}`,
  d: (d) => two(d.getUTCDate()),
  e: (d) => spaced(d.getUTCDate()),
  F: (d) => iso(d, 0, 10),
  H: (d) => two(d.getUTCHours()),
  h: (d) => (months[d.getUTCMonth()] ?? "").slice(0, 3),
  I: (d) => two(hour12(d)),
  j: (d) => String(dayOfYear(d)).padStart(3, "0"),
  k: (d) => spaced(d.getUTCHours()),
  L: (d) => String(d.getUTCMilliseconds()).padStart(3, "0"),
  l: (d) => spaced(hour12(d)),
  M: (d) => two(d.getUTCMinutes()),
  m: (d) => two(d.getUTCMonth() + 1),
  n: () => "\n",
  p: (d) => (d.getUTCHours() < 12 ? "AM" : "PM"),
  R: (d) => iso(d, 11, 16),
  r: (d) => `${two(hour12(d))}:${iso(d, 14, 19)} ${d.getUTCHours() < 12 ? "AM" : "PM"}`,
  S: (d) => two(d.getUTCSeconds()),
  T: (d) => iso(d, 11, 19),
  t: () => "\t",
  U: (d) => two(week(d, 0)),
  u: (d) => String(d.getUTCDay() === 0 ? 7 : d.getUTCDay()),
  V: (d) => two(isoWeek(d)),
  v: (d) => `${spaced(d.getUTCDate())}-${(months[d.getUTCMonth()] ?? "").slice(0, 3)}-${d.getUTCFullYear()}`,
  W: (d) => two(week(d, 1)),
  w: (d) => String(d.getUTCDay()),
  X: (d) => iso(d, 11, 19),
  x: (d) => `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/${two(d.getUTCFullYear() % 100)}`,
  Y: (d) => String(d.getUTCFullYear()),
  y: (d) => two(d.getUTCFullYear() % 100),
  Z: () => "UTC",
  z: () => "+0000",
};

/** ISO 8601's week: that of the week's Thursday. */
function isoWeek(d: Date): number {
  const thursday = new Date(d.getTime() + (3 - ((d.getUTCDay() + 6) % 7)) * 86_400_000);
  return Math.floor((dayOfYear(thursday) - 1) / 7) + 1;
}

/** One strftime directive of a time (epoch ms), UTC; undefined for a letter that is none. */
export const strftime = (ms: number, directive: string): string | undefined =>
  Object.hasOwn(directives, directive) ? directives[directive]?.(new Date(ms)) : undefined;

/** Every letter that is a directive. */
export const strftimeDirectives: readonly string[] = Object.keys(directives);
