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

/** How many columns a text takes, without its colours. */
export const widthOf = (text: string): number => [...text.replace(/\u001b\[[0-9;]*m/g, "")].length;
