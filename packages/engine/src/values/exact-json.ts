// JSON whose numbers keep the text that they came with: an id of 19 digits, or a version such as 1.10, is not the number
// that this language would make of it.

interface Source {
  readonly source?: string;
}
type Reviver = (key: string, value: unknown, context: Source) => unknown;

/** Number texts with a value of their own, as later versions of the language's types will know them. */
const json = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): object;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

const exactly: Reviver = (_, value, { source }) =>
  typeof value === "number" && source !== undefined && source !== String(value)
    ? json.rawJSON(source)
    : value;

/** As JSON.parse, for texts alone: such numbers are written again as they were. Throws what JSON.parse throws. */
export const parseExact = (text: string): unknown => json.parse(text, exactly);

export const isExactNumber = (value: unknown): value is { readonly rawJSON: string } => json.isRawJSON(value);

/** The value to reckon with: every number is one of this language. */
export function plainOf(value: unknown): unknown {
  if (isExactNumber(value)) return Number(value.rawJSON);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
}
