import type { Json } from "@sluice/base";
import { formatPath, type IssueSink, type Path } from "../issue.ts";
import { listNames, nearest } from "./nearest.ts";
import { childSchema, fieldsOf, type Schema, schemaAt } from "./shape.ts";

interface Place {
  readonly schema: Schema;
  readonly json: Json;
  readonly sink: IssueSink;
  readonly base: Path;
}

/** Says of a field that does not exist here where it belongs, or which one was meant. */
export function placeUnknownField(key: string, local: Path, place: Place): void {
  const path = [...place.base, ...local, key];
  const own = Object.keys(fieldsOf(schemaAt(place.schema, local) ?? place.schema) ?? {});
  const near = nearest(key, own);
  const here = formatPath([...place.base, ...local]) || "the document";
  if (near !== undefined && near.toLowerCase() === key.toLowerCase()) {
    unknown(path, `did you mean '${near}'? (upper and lower case differ)`, place.sink);
    return;
  }
  const elsewhere = belongsAbove(key, local, place) ?? belongsBelow(key, local, place);
  if (elsewhere !== undefined) {
    place.sink.error("SPEC_FIELD_MISPLACED", path, {
      key: true,
      message: `field '${key}' does not belong in ${here}`,
      hint: elsewhere,
    });
    return;
  }
  const hint = near === undefined ? `fields here: ${listNames(own)}` : `did you mean '${near}'?`;
  unknown(path, hint, place.sink);
}

function unknown(path: Path, hint: string, sink: IssueSink): void {
  sink.error("SPEC_FIELD_UNKNOWN", path, { key: true, message: `unknown field "${formatPath(path)}"`, hint });
}

function belongsAbove(key: string, local: Path, place: Place): string | undefined {
  for (let end = local.length - 1; end >= 0; end--) {
    const above = local.slice(0, end);
    const fields = fieldsOf(schemaAt(place.schema, above) ?? place.schema);
    if (fieldsAt(place.schema, above) === undefined || fields === undefined) continue;
    if (!Object.hasOwn(fields, key)) continue;
    const levels = local.slice(end).filter((step) => typeof step === "string").length;
    const where = formatPath([...place.base, ...above]) || "the document's top level";
    const up = levels === 1 ? "one level up" : `${levels} levels up`;
    return `move it ${up}: '${key}' is a field of ${where}`;
  }
  return undefined;
}

function belongsBelow(key: string, local: Path, place: Place): string | undefined {
  const schema = schemaAt(place.schema, local);
  const fields = schema === undefined ? undefined : fieldsOf(schema);
  if (schema === undefined || fields === undefined) return undefined;
  const homes: string[] = [];
  for (const name of Object.keys(fields)) {
    const child = childSchema(schema, name);
    const inner = child === undefined ? undefined : fieldsOf(child);
    if (inner !== undefined && Object.hasOwn(inner, key)) homes.push(name);
  }
  if (homes.length === 0 || homes.length > 4) return undefined;
  return `'${key}' belongs one level down, in ${homes.map((home) => `'${home}'`).join(" or ")}`;
}

const fieldsAt = (schema: Schema, path: Path) => {
  const found = schemaAt(schema, path);
  return found === undefined ? undefined : fieldsOf(found);
};
