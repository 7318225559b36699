import { EngineError } from "../errors.ts";

export type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

/** Kubernetes' label selector. Errors: ENGINE_SELECTOR_INVALID. */
export function parseLabelSelector(text: string | undefined): LabelTest {
  const parts = splitTopLevel(text ?? "").map((part) => requirement(text ?? "", part));
  return (labels) => parts.every((test) => test(labels));
}

const splitTopLevel = (text: string): readonly string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");

function requirement(selector: string, part: string): LabelTest {
  const set = /^([^\s!=,()]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    return (labels) => values.has(own(labels, key) ?? "\0") === (operator === "in");
  }
  const equals = /^([^\s!=,()]+)\s*(!=|==?)\s*([^\s=!]*)$/.exec(part);
  if (equals !== null) {
    const [, key = "", operator, value] = equals;
    return (labels) => (own(labels, key) === value) === (operator !== "!=");
  }
  const order = /^([^\s!=,()<>]+)\s*([<>])\s*(-?\d{1,15})$/.exec(part);
  if (order !== null) {
    const [, key = "", operator, bound] = order;
    return (labels) => isBeyond(own(labels, key), operator === ">", Number(bound));
  }
  const exists = /^(!?)([^\s!=,()<>]+)$/.exec(part);
  if (exists === null) throw EngineError.SELECTOR_INVALID({ selector, part });
  const [, not, key = ""] = exists;
  return (labels) => (own(labels, key) !== undefined) === (not === "");
}

/** A label that is no whole number is neither more nor less than one. */
const isBeyond = (value: string | undefined, above: boolean, bound: number): boolean =>
  value !== undefined &&
  /^-?\d{1,15}$/.test(value) &&
  (above ? Number(value) > bound : Number(value) < bound);

const own = (labels: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;
