// Text from outside, made fit for a terminal: what it says is shown, what it would do is not done.

/** Characters that turn the direction of what follows, or end a line for some terminals. */
const turning = /[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** On one line: control characters (and so terminal escapes) are shown, not sent. */
export function oneLine(text: string, maxLength: number): string {
  const safe = text
    .replace(/\r?\n/g, "⏎")
    .replace(/\p{Cc}/gu, "·")
    .replace(turning, "·");
  if (safe.length <= maxLength) return safe;
  return `${[...safe.slice(0, maxLength)].slice(0, -1).join("")}…`;
}

/** As it may be sent to a terminal: lines, tabs and colours stay, every other control sequence is shown as text. */
export function printable(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .replace(/\u001b(?!\[[0-9;]*m)/g, "␛")
    .replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g, "·")
    .replace(turning, "·");
}

/** A time of the API as it is shown: without fractions of seconds. Absent and `null` are empty. */
export const shownTime = (time: string | null | undefined): string => time?.replace(/\.\d+Z$/, "Z") ?? "";
