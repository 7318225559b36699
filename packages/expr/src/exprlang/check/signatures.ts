/** What a value is, as far as it is known before it is there. */
export type ExprType = "text" | "number" | "boolean" | "list" | "map" | "time" | "duration" | "unknown";

interface Signature {
  readonly min: number;
  readonly max: number;
  readonly gives: ExprType;
}

const many = Number.POSITIVE_INFINITY;

/** Functions by what they give and how many arguments they take: `min-max` before the names. */
const rows: readonly (readonly [ExprType, string])[] = [
  ["number", "1 len abs ceil floor round int float asInt asFloat bitnot"],
  [
    "number",
    "2 bitand bitor bitxor bitnand bitshl bitshr bitushr indexOf lastIndexOf findIndex findLastIndex",
  ],
  ["number", "1-2 count"],
  ["unknown", "1-2 sum"],
  ["number", "1+ max min mean median"],
  ["boolean", "2 all any none one hasPrefix hasSuffix"],
  ["text", "1 string type toJSON toJson toBase64 fromBase64 upper lower"],
  ["unknown", "1 timezone"],
  ["text", "1-2 trim trimPrefix trimSuffix join"],
  ["text", "2 repeat"],
  ["text", "3-4 replace"],
  ["list", "1 reverse flatten uniq keys values toPairs"],
  ["list", "1-2 sort"],
  ["list", "1+ concat"],
  ["list", "2 filter map take"],
  ["list", "2-3 split splitAfter sortBy"],
  ["list", "3 splitN splitAfterN"],
  ["map", "1 fromPairs"],
  ["map", "2 groupBy countBy"],
  ["unknown", "1 first last fromJSON"],
  ["unknown", "2 get find findLast jsonpath"],
  ["unknown", "2-3 reduce"],
  ["time", "0-1 now"],
  ["time", "1-3 date"],
  ["duration", "1 duration"],
];

/** expr-lang's functions and the incumbent's additions. */
export const signatures: ReadonlyMap<string, Signature> = new Map(
  rows.flatMap(([gives, row]) => {
    const [counts = "", ...names] = row.split(" ");
    const [low = "0", high] = counts.split(/[-+]/);
    const max = counts.endsWith("+") ? many : Number(high ?? low);
    return names.map((name) => [name, { min: Number(low), max, gives }] as const);
  }),
);
