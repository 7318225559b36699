import type { Sequence } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { parseExact } from "../../values/exact-json.ts";
import { renderDeep, renderText } from "../../values/language.ts";
import { isMap, type Scope, textOf } from "../../values/scope.ts";
import type { Item } from "../state/frames.ts";
import { compileFormat } from "./sequence-format.ts";

interface Loop {
  readonly withItems?: readonly unknown[] | undefined;
  readonly withParam?: string | undefined;
  readonly withSequence?: Sequence | undefined;
}

export const isLoop = (step: Loop): boolean =>
  step.withItems !== undefined || step.withParam !== undefined || step.withSequence !== undefined;

/** A loop's items, in order. Errors: ENGINE_VALUE_UNRESOLVED, ENGINE_LIMIT. */
export function itemsOf(step: Loop, scope: Scope, maxItems: number): readonly Item[] {
  const values = valuesOf(step, scope, maxItems);
  if (values.length > maxItems)
    throw EngineError.LIMIT({ what: "the number of a loop's items", max: maxItems });
  return values.map((value, index) => ({ index, value, label: labelOf(value) }));
}

function valuesOf(step: Loop, scope: Scope, maxItems: number): readonly unknown[] {
  if (step.withItems !== undefined)
    return step.withItems.map((item) => withSortedKeys(renderDeep(item, scope)));
  if (step.withSequence !== undefined) return sequence(step.withSequence, scope, maxItems);
  const text = renderText(step.withParam ?? "", scope);
  let parsed: unknown;
  try {
    parsed = parseExact(text);
  } catch {
    throw notAList(text);
  }
  if (!Array.isArray(parsed)) throw notAList(text);
  return parsed.map(withSortedKeys);
}

/** `{{item}}` of a map is its JSON with the keys in order, as in Argo. */
const withSortedKeys = (value: unknown): unknown =>
  isMap(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

const notAList = (text: string) =>
  EngineError.VALUE_UNRESOLVED({
    reason: `withParam value could not be parsed as a JSON list: ${text.slice(0, 200)}`,
  });

function sequence(spec: Sequence, scope: Scope, maxItems: number): readonly string[] {
  const integer = (name: "start" | "end" | "count"): number | undefined => {
    const written = spec[name];
    if (written === undefined) return undefined;
    const text = renderText(String(written), scope).trim();
    if (!/^[+-]?\d{1,15}$/.test(text))
      throw EngineError.VALUE_UNRESOLVED({ reason: `withSequence ${name} '${text}' is not a whole number` });
    return Number(text);
  };
  const start = integer("start") ?? 0;
  const count = integer("count");
  const last = integer("end");
  if (count === undefined && last === undefined)
    throw EngineError.VALUE_UNRESOLVED({ reason: "neither end nor count was specified in withSequence" });
  const end = count === undefined ? (last ?? 0) : start + count - 1;
  if (count !== undefined && count <= 0) return [];
  const down = start > end;
  const length = Math.abs(end - start) + 1;
  if (length > maxItems) throw EngineError.LIMIT({ what: "the number of a loop's items", max: maxItems });
  const format = compileFormat(spec.format);
  return Array.from({ length }, (_, i) => format(down ? start - i : start + i));
}

/** As Argo writes an item into a node's name: maps as sorted `key:value`, lists as JSON, no parentheses. */
function labelOf(value: unknown): string {
  const text = isMap(value)
    ? Object.entries(value)
        .map(([key, inner]) => `${key}:${textOf(inner)}`)
        .sort()
        .join(",")
    : textOf(value);
  return text.replaceAll(/[()]/g, "");
}
