import { type Json, messageOf } from "@sluice/base";
import { getPath, gjsonString, setPath } from "@sluice/expr";
import type { TriggerParameter } from "@sluice/spec";
import { type FiringEvents, resolveParameter } from "./resolve.ts";

/** A parameter that has no value; `where` names it in the manifest. */
export interface Unresolved {
  readonly where: string;
  readonly reason: string;
}

export type Applied =
  | { readonly kind: "applied"; readonly document: Json; readonly notes: readonly string[] }
  | ({ readonly kind: "unresolved" } & Unresolved);

/**
 * Applies parameters in their order to a document; a later one sees what an earlier one wrote. A parameter whose
 * dependency is not in the firing is skipped, with a note. Event data is only ever a value, never a path or template.
 */
export function applyParameters(
  document: Json,
  parameters: readonly TriggerParameter[],
  events: FiringEvents,
  where: string,
): Applied {
  let result = document;
  const notes: string[] = [];
  for (const [i, parameter] of parameters.entries()) {
    const at = `${where}[${i}]`;
    const resolved = resolveParameter(parameter.src, events);
    if (resolved.kind === "unresolved") return { kind: "unresolved", where: at, reason: resolved.reason };
    if (resolved.kind === "absent") {
      notes.push(`${at} skipped: '${parameter.src.dependencyName}' has no event in this firing`);
      continue;
    }
    try {
      result = setPath(result, parameter.dest, merged(result, parameter, resolved.value));
    } catch (error) {
      return { kind: "unresolved", where: at, reason: messageOf(error) };
    }
  }
  return { kind: "applied", document: result, notes };
}

/** append/prepend: an element at the end or start of a list, else texts put together. */
function merged(document: Json, { dest, operation }: TriggerParameter, value: Json): Json {
  if (operation !== "append" && operation !== "prepend") return value;
  // `-1` is sjson's own way to append: nothing stands there yet.
  const current = getPath(document, dest);
  if (!current.exists) return value;
  if (Array.isArray(current.value))
    return operation === "append" ? [...current.value, value] : [value, ...current.value];
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const present = gjsonString(current);
  return operation === "append" ? present + text : text + present;
}

/** The body that a `payload` list builds: a JSON document, or the bare value of an entry without `dest`. */
export type Payload =
  | { readonly kind: "built"; readonly body: string; readonly contentType: string }
  | ({ readonly kind: "unresolved" } & Unresolved);

export function buildPayload(
  payload: readonly TriggerParameter[],
  events: FiringEvents,
  where: string,
): Payload {
  let document: Json = {};
  for (const [i, parameter] of payload.entries()) {
    const at = `${where}[${i}]`;
    const { dependencyName } = parameter.src;
    const resolved = resolveParameter(parameter.src, events);
    if (resolved.kind === "unresolved") return { kind: "unresolved", where: at, reason: resolved.reason };
    if (resolved.kind === "absent")
      return { kind: "unresolved", where: at, reason: `'${dependencyName}' has no event in this firing` };
    if (parameter.dest === "") return bare(resolved.value);
    try {
      document = setPath(document, parameter.dest, merged(document, parameter, resolved.value));
    } catch (error) {
      return { kind: "unresolved", where: at, reason: messageOf(error) };
    }
  }
  return { kind: "built", body: JSON.stringify(document), contentType: "application/json" };
}

function bare(value: Json): Payload {
  if (typeof value !== "string")
    return { kind: "built", body: JSON.stringify(value), contentType: "application/json" };
  const contentType = isJson(value) ? "application/json" : "text/plain; charset=utf-8";
  return { kind: "built", body: value, contentType };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
