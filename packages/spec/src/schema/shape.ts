// Looking into zod schemas: which keys a place has, and what stands under each.
import { isObject, type Json } from "@sluice/base";
import type { z } from "zod";
import type { Path } from "../issue.ts";

export type Schema = z.core.$ZodType;
type Def = z.core.$ZodTypes["_zod"]["def"];

const defOf = (schema: Schema): Def => (schema as z.core.$ZodTypes)._zod.def;

/** Takes off what does not change the shape: optional, nullable, defaults, transforms. */
export function bare(schema: Schema): Schema {
  for (let inner = schema; ; ) {
    const def = defOf(inner);
    switch (def.type) {
      case "optional":
      case "nullable":
      case "default":
      case "prefault":
      case "readonly":
      case "nonoptional":
      case "catch":
        inner = def.innerType;
        break;
      case "pipe":
        inner = def.in;
        break;
      case "lazy":
        return inner; // recursive: what is behind it is free JSON
      default:
        return inner;
    }
  }
}

/** The fields of an object schema, or undefined when the place is no object with fixed fields. */
export function fieldsOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const def = defOf(bare(schema));
  return def.type === "object" ? (def.shape as Readonly<Record<string, Schema>>) : undefined;
}

/** The schema one step down, or undefined when there is none. */
export function childSchema(schema: Schema, step: Path[number]): Schema | undefined {
  const def = defOf(bare(schema));
  if (def.type === "object") {
    const shape = def.shape as Readonly<Record<string, Schema>>;
    return Object.hasOwn(shape, step) ? shape[step] : undefined;
  }
  if (def.type === "array") return def.element;
  if (def.type === "record") return def.valueType;
  if (def.type === "union") {
    for (const option of def.options) {
      const found = childSchema(option, step);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The schema at the end of a path. */
export function schemaAt(schema: Schema, path: Path): Schema | undefined {
  let here: Schema | undefined = schema;
  for (const step of path) {
    if (here === undefined) return undefined;
    here = childSchema(here, step);
  }
  return here;
}

/** Whether a field may be left out. */
const mayBeAbsent = (schema: Schema): boolean => {
  const { type } = defOf(schema);
  return type === "optional" || type === "default" || type === "prefault";
};

const takesNull = (schema: Schema): boolean => {
  const def = defOf(schema);
  if (def.type === "nullable") return true;
  if (def.type === "lazy") return true; // free JSON
  return def.type === "optional" || def.type === "default" ? takesNull(def.innerType) : false;
};

/**
 * A copy without the fields that are null and may be absent: Kubernetes reads `labels: null` as no labels.
 * Only fields that the schema knows are touched; free JSON (items, payloads) keeps its nulls.
 */
export function withoutNulls(schema: Schema, value: Json): Json {
  if (Array.isArray(value)) {
    const element = childSchema(schema, 0);
    return element === undefined ? value : value.map((item: Json) => withoutNulls(element, item));
  }
  if (!isObject(value)) return value;
  const def = defOf(bare(schema));
  if (def.type !== "object" && def.type !== "record") return value;
  const result: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value as Readonly<Record<string, Json>>)) {
    const field = childSchema(schema, key);
    if (inner === null && field !== undefined && mayBeAbsent(field) && !takesNull(field)) continue;
    result[key] = field === undefined ? inner : withoutNulls(field, inner);
  }
  return result;
}
