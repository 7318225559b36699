import { isAppError, type Json, type JsonObject, messageOf } from "@sluice/base";
import { type GjsonResult, getPath, gjsonRaw, gjsonString } from "@sluice/expr";
import type { ParameterSource, StoredEvent } from "@sluice/spec";
import { contextOf, payloadBase64 } from "./context.ts";
import { renderTemplate } from "./template.ts";

/** The events of a firing by the dependency that they fill. */
export type FiringEvents = ReadonlyMap<string, StoredEvent>;

export type Resolved =
  | { readonly kind: "value"; readonly value: Json }
  /** The dependency has no event in this firing and the parameter has no default. */
  | { readonly kind: "absent" }
  | { readonly kind: "unresolved"; readonly reason: string };

/**
 * The value of a parameter, by Argo's order: template, key, `value`. Data sources win over context sources; without
 * any, `value` is a constant, else the whole event is taken. A text unless `useRawData` keeps the type of a key's value.
 */
export function resolveParameter(source: ParameterSource, events: FiringEvents): Resolved {
  const event = events.get(source.dependencyName);
  if (event === undefined) return source.value === undefined ? { kind: "absent" } : constant(source.value);
  const raw = source.useRawData === true;
  const byData = isSet(source.dataKey) || isSet(source.dataTemplate);
  const byContext = isSet(source.contextKey) || isSet(source.contextTemplate);
  if (!byData && !byContext) {
    if (source.value !== undefined) return constant(source.value);
    const whole = { context: { ...contextOf(event) }, data: payloadBase64(event) };
    return { kind: "value", value: raw ? whole : JSON.stringify(whole) };
  }
  const from = byData ? dataOf(event) : { value: { ...contextOf(event) } satisfies JsonObject };
  const key = byData ? source.dataKey : source.contextKey;
  const template = byData ? source.dataTemplate : source.contextTemplate;
  const reasons: string[] = [];
  if ("reason" in from) reasons.push(from.reason);
  else {
    const found =
      fromTemplate(template, from.value, { event, reasons }) ?? fromKey(key, from.value, raw, reasons);
    if (found !== undefined) return found;
  }
  if (source.value !== undefined) return constant(source.value);
  return { kind: "unresolved", reason: reasons.join("; ") };
}

const isSet = (text: string | undefined): text is string => text !== undefined && text !== "";
const constant = (value: string): Resolved => ({ kind: "value", value });

function dataOf({ event }: StoredEvent): { readonly value: Json } | { readonly reason: string } {
  if (event.data !== undefined) return { value: event.data };
  const type = event.datacontenttype ?? "none";
  return {
    reason:
      event.data_base64 === undefined ? "the event has no data" : `unsupported event content type: ${type}`,
  };
}

function fromTemplate(
  text: string | undefined,
  input: Json,
  { event, reasons }: { readonly event: StoredEvent; readonly reasons: string[] },
): Resolved | undefined {
  if (!isSet(text)) return undefined;
  try {
    const value = renderTemplate(text, input, event);
    if (value !== "" && value !== "<no value>") return constant(value);
    reasons.push(`template '${text}' evaluated to empty string or no value`);
  } catch (error) {
    reasons.push(isAppError(error) ? error.message : messageOf(error));
  }
  return undefined;
}

function fromKey(
  key: string | undefined,
  input: Json,
  raw: boolean,
  reasons: string[],
): Resolved | undefined {
  if (!isSet(key)) return undefined;
  try {
    const found = getPath(input, key);
    if (found.exists) return { kind: "value", value: raw ? (found.value ?? null) : asText(found) };
    reasons.push(`key '${key}' does not exist in the event`);
  } catch (error) {
    reasons.push(messageOf(error));
  }
  return undefined;
}

/** Objects, lists and null give their JSON text, as in Argo. */
const asText = (found: GjsonResult): string =>
  found.type === "JSON" || found.type === "Null" ? gjsonRaw(found) : gjsonString(found);
