/** Terminal colours by meaning. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly busy: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const wrap = (open: number, close: number) => (text: string) =>
  text === "" ? "" : `\u001b[${open}m${text}\u001b[${close}m`;

const coloured: Palette = {
  good: wrap(32, 39),
  bad: wrap(31, 39),
  busy: wrap(36, 39),
  warn: wrap(33, 39),
  dim: wrap(2, 22),
  bold: wrap(1, 22),
};

const same = (text: string) => text;
const plain: Palette = { good: same, bad: same, busy: same, warn: same, dim: same, bold: same };

export const paletteOf = (colour: boolean): Palette => (colour ? coloured : plain);

const escapes = /(\u001b\[[0-9;]*m)/;
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const none = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d/u;

const widthOfCharacter = (character: string): number =>
  character < "\u0300" ? 1 : none.test(character) ? 0 : wide.test(character) ? 2 : 1;

/** How many columns a text takes, without its colours. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replace(/\u001b\[[0-9;]*m/g, "")) width += widthOfCharacter(character);
  return width;
}

/** A line cut to so many columns, colours not counted and kept to the end, so that what was opened is closed. */
export function cutTo(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let left = Math.max(0, columns - 1);
  let cut = false;
  let result = "";
  for (const part of line.split(escapes)) {
    if (part.startsWith("\u001b")) result += part;
    else
      for (const character of part) {
        left -= widthOfCharacter(character);
        if (left >= 0) result += character;
        else if (!cut) {
          result += "…";
          cut = true;
        }
      }
  }
  return result;
}
