// Semantic versions and constraints over them, as Masterminds/semver reads them.
import { fault } from "../fault.ts";
import { MethodValue } from "../values.ts";
import { str } from "./cast.ts";

type Triple = readonly [major: number, minor: number, patch: number];

/** A version; parts that are not written are 0. Its parts are methods: `.Major` in a template, `.Major()` in an expression. */
export class SemVer extends MethodValue {
  readonly typeName = "*semver.Version";
  readonly numbers: Triple;
  readonly pre: string;
  readonly meta: string;
  readonly original: string;

  constructor(numbers: Triple, pre: string, meta: string, original: string) {
    super();
    this.numbers = numbers;
    this.pre = pre;
    this.meta = meta;
    this.original = original;
  }

  toString(): string {
    const { pre, meta } = this;
    return `${this.numbers.join(".")}${pre === "" ? "" : `-${pre}`}${meta === "" ? "" : `+${meta}`}`;
  }

  method(name: string): ((args: readonly unknown[]) => unknown) | undefined {
    return Object.hasOwn(methods, name) ? (args) => methods[name]?.(this, args[0]) : undefined;
  }
}

const methods: Readonly<Record<string, (self: SemVer, other: unknown) => unknown>> = {
  Major: ({ numbers }) => numbers[0],
  Minor: ({ numbers }) => numbers[1],
  Patch: ({ numbers }) => numbers[2],
  Prerelease: ({ pre }) => pre,
  Metadata: ({ meta }) => meta,
  Original: ({ original }) => original,
  String: (self) => self.toString(),
  Compare: (self, other) => compareVersions(self, versionOf(other)),
  Equal: (self, other) => compareVersions(self, versionOf(other)) === 0,
  GreaterThan: (self, other) => compareVersions(self, versionOf(other)) > 0,
  LessThan: (self, other) => compareVersions(self, versionOf(other)) < 0,
};

const versionOf = (value: unknown): SemVer => (value instanceof SemVer ? value : parseVersion(str(value)));

const tail = String.raw`(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?`;
const written = new RegExp(String.raw`^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?${tail}$`);
const maxTextLength = 256;

export function parseVersion(text: string): SemVer {
  const found = text.length > maxTextLength ? null : written.exec(text);
  if (found === null) return fault("invalid semantic version");
  const [, major = "0", minor = "0", patch = "0", pre = "", meta = ""] = found;
  return new SemVer([Number(major), Number(minor), Number(patch)], pre, meta, text);
}

function compareVersions(a: SemVer, b: SemVer): number {
  for (const index of [0, 1, 2] as const) {
    const order = a.numbers[index] - b.numbers[index];
    if (order !== 0) return Math.sign(order);
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === "" || b.pre === "") return a.pre === "" ? 1 : -1;
  return comparePreReleases(a.pre.split("."), b.pre.split("."));
}

/** Part by part; the shorter of two that begin alike comes first. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  const shared = Math.min(a.length, b.length);
  for (const [index, left] of a.slice(0, shared).entries()) {
    const order = comparePart(left, b[index] ?? "");
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

/** Numbers by value, before words; words by their letters. */
function comparePart(left: string, right: string): number {
  const numbers = [left, right].map((part) => (/^\d+$/.test(part) ? Number(part) : undefined));
  const [a, b] = numbers;
  if (a !== undefined && b !== undefined) return Math.sign(a - b);
  if (a !== undefined || b !== undefined) return a === undefined ? 1 : -1;
  return left === right ? 0 : left < right ? -1 : 1;
}

/** A bound with what it leaves open: `1.2` and `1.2.x` leave the patch open. */
interface Bound {
  readonly operator: string;
  readonly version: SemVer;
  /** How many numbers are written; 3 is a whole version. */
  readonly written: number;
}

const part = String.raw`(?:\d+|[xX*])`;
const boundText = String.raw`(=|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*v?(${part})(?:\.(${part}))?(?:\.(${part}))?${tail}`;
const oneBound = new RegExp(String.raw`[,\s]*${boundText}(?=$|[\s,])`, "y");
const range = /^\s*(v?[\w.+*-]+)\s+-\s+(v?[\w.+*-]+)\s*$/;

/** Whether a version meets a constraint: `||` between alternatives, commas or blanks between bounds that must all hold. */
export function meetsConstraint(constraint: string, text: string): boolean {
  if (constraint.length > maxTextLength) return fault("the version constraint is too long");
  const alternatives = constraint.split("||").map(boundsOf);
  const version = parseVersion(text);
  return alternatives.some((bounds) => bounds.every((bound) => holds(bound, version)));
}

function boundsOf(alternative: string): readonly Bound[] {
  const between = range.exec(alternative);
  const text = between === null ? alternative : `>=${between[1] ?? ""} <=${between[2] ?? ""}`;
  const bounds: Bound[] = [];
  oneBound.lastIndex = 0;
  let at = 0;
  for (let found = oneBound.exec(text); found !== null; found = oneBound.exec(text)) {
    at = oneBound.lastIndex;
    bounds.push(boundOf(found));
  }
  if (bounds.length === 0 || text.slice(at).trim() !== "")
    return fault(`improper constraint: ${alternative.trim()}`);
  return bounds;
}

function boundOf([, operator = "", ...parts]: RegExpExecArray): Bound {
  const open = parts.slice(0, 3).findIndex((one) => one === undefined || /^[xX*]$/.test(one));
  const count = open < 0 ? 3 : open;
  const number = (index: number): number => (index < count ? Number(parts[index]) : 0);
  const version = new SemVer([number(0), number(1), number(2)], parts[3] ?? "", parts[4] ?? "", "");
  return { operator, version, written: count };
}

function holds({ operator, version: bound, written: count }: Bound, version: SemVer): boolean {
  // Who does not ask for pre-releases gets none.
  if (version.pre !== "" && bound.pre === "") return false;
  const order = compareVersions(version, bound);
  const same = (numbers: number): boolean =>
    [0, 1, 2].slice(0, numbers).every((index) => version.numbers[index] === bound.numbers[index]);
  switch (operator) {
    case "":
    case "=":
      return count === 3 ? order === 0 : same(count);
    case "!=":
      return count === 3 ? order !== 0 : !same(count);
    case ">":
      return order > 0 && (count === 3 || !same(count));
    case ">=":
    case "=>":
      return order >= 0;
    case "<":
      return order < 0;
    case "<=":
    case "=<":
      return order <= 0 || (count < 3 && same(count));
    case "^":
      return order >= 0 && same(caretWidth(bound.numbers, count));
    default:
      return order >= 0 && same(Math.min(count, 2));
  }
}

/** `^` keeps everything up to the first number that is not 0. */
function caretWidth(numbers: Triple, count: number): number {
  const first = numbers.findIndex((number) => number !== 0);
  return Math.min(first < 0 ? 3 : first + 1, Math.max(1, count));
}
