// What the incumbent reads although it is not written as its types say: names in other letters, and what it passes over
// in `metadata`. Each is told as a warning.
import { isObject, type Json } from "@sluice/base";
import { formatPath, type IssueSink, type Path } from "../issue.ts";
import { didYouMean, listNames } from "./nearest.ts";
import { childSchema, fieldsOf, type Schema } from "./shape.ts";

/**
 * The value as the incumbent takes it: a field whose name differs from a known one by upper and lower case alone gets
 * the known name, and an unknown field of the document's `metadata` is left out. Everything else is as it came.
 */
export function forgive(schema: Schema, value: Json, sink: IssueSink, path: Path = []): Json {
  if (Array.isArray(value)) {
    const element = childSchema(schema, 0);
    return element === undefined
      ? value
      : value.map((item: Json, index) => forgive(element, item, sink, [...path, index]));
  }
  if (!isObject(value)) return value;
  const fields = fieldsOf(schema);
  const read = Object.entries(value as Readonly<Record<string, Json>>).flatMap(([key, inner]) => {
    const name = fields === undefined ? key : nameOf(key, fields, value, { sink, path });
    if (name === undefined) return [];
    const below = childSchema(schema, name);
    return [[name, below === undefined ? inner : forgive(below, inner, sink, [...path, name])] as const];
  });
  return Object.fromEntries(read);
}

/** The name under which the field is read; undefined = it is passed over. */
function nameOf(
  key: string,
  fields: Readonly<Record<string, Schema>>,
  all: object,
  { sink, path }: { readonly sink: IssueSink; readonly path: Path },
): string | undefined {
  if (Object.hasOwn(fields, key)) return key;
  const names = Object.keys(fields);
  const meant = names.filter((name) => name.toLowerCase() === key.toLowerCase());
  const [only] = meant;
  if (only !== undefined && meant.length === 1 && !Object.hasOwn(all, only)) {
    sink.warn("SPEC_FIELD_UNKNOWN", [...path, key], {
      key: true,
      message: `'${key}' is read as '${only}'`,
      hint: "write it so: upper and lower case differ",
    });
    return only;
  }
  if (path.length !== 1 || path[0] !== "metadata") return key;
  sink.warn("SPEC_FIELD_UNKNOWN", [...path, key], {
    key: true,
    message: `unknown field '${key}' in ${formatPath(path)}: it is passed over`,
    hint: didYouMean(key, names, `fields here: ${listNames(names)}`),
  });
  return undefined;
}
