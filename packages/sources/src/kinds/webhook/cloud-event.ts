// CloudEvents over HTTP: structured, batched and binary mode of the 1.0 HTTP binding. Attributes are kept as they came.
import { isObject, type Json } from "@sluice/base";
import type { EmitRequest } from "../../define.ts";
import { SourceError } from "../../errors.ts";
import type { IngressRequest } from "../../ingress.ts";
import { parseJsonBytes } from "../../json-body.ts";
import { isJsonType, readBody } from "./body.ts";
import { contentTypeOf, headerOf } from "./headers.ts";

/** Most events of one batch. */
export const maxBatch = 1_000;
const maxExtensions = 64;

/** The CloudEvents of a request, or undefined when it is a plain one. Errors: SOURCE_CLOUD_EVENT_INVALID, SOURCE_BODY_INVALID. */
export function cloudEventsOf(
  request: Pick<IngressRequest, "headers" | "body">,
): readonly EmitRequest[] | undefined {
  const { type } = contentTypeOf(request.headers);
  if (type === "application/cloudevents+json") return [structured(parse(request.body))];
  if (type === "application/cloudevents-batch+json") return batch(parse(request.body));
  if (type.startsWith("application/cloudevents")) throw invalid(`format '${type.slice(0, 80)}' is not known`);
  return headerOf(request.headers, "ce-specversion") === undefined ? undefined : [binary(request)];
}

const invalid = (reason: string) => SourceError.CLOUD_EVENT_INVALID({ reason });

function parse(bytes: Uint8Array): Json {
  const parsed = parseJsonBytes(bytes);
  if (parsed.ok) return parsed.value;
  throw SourceError.BODY_INVALID({ contentType: "JSON", reason: parsed.reason });
}

function batch(value: Json): readonly EmitRequest[] {
  if (!Array.isArray(value)) throw invalid("a batch is a list");
  if (value.length > maxBatch)
    throw invalid(`a batch has at most ${maxBatch} events, this one has ${value.length}`);
  return value.map(structured);
}

function structured(value: Json): EmitRequest {
  if (!isObject(value)) throw invalid("an event is an object");
  const { data, data_base64: base64, ...attributes } = value;
  if (data !== undefined && base64 !== undefined)
    throw invalid("'data' and 'data_base64' exclude each other");
  if (base64 !== undefined && typeof base64 !== "string") throw invalid("'data_base64' is a text");
  return {
    ...attributesOf(new Map(Object.entries(attributes).filter(([, v]) => v !== null))),
    ...(data === undefined ? {} : { data: data as Json }),
    ...(base64 === undefined ? {} : { dataBase64: base64 }),
  };
}

function binary(request: Pick<IngressRequest, "headers" | "body">): EmitRequest {
  const attributes = new Map<string, unknown>();
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase();
    if (lower.startsWith("ce-")) attributes.set(lower.slice(3), percentDecoded(value));
  }
  const contentType = headerOf(request.headers, "content-type");
  if (contentType !== undefined) attributes.set("datacontenttype", contentType);
  const traceparent = headerOf(request.headers, "traceparent");
  if (traceparent !== undefined && !attributes.has("traceparent")) attributes.set("traceparent", traceparent);
  const event = attributesOf(attributes);
  if (request.body.length === 0) return event;
  const body = readBody(request);
  if (body.kind === "binary") return { ...event, dataBase64: body.base64 };
  const { type } = contentTypeOf(request.headers);
  // Only a declared JSON is data as JSON; a form would change its meaning.
  return {
    ...event,
    data: type === "" || isJsonType(type) ? body.value : new TextDecoder().decode(request.body),
  };
}

const optional = ["subject", "time", "datacontenttype", "dataschema", "traceparent"] as const;

function attributesOf(attributes: Map<string, unknown>): EmitRequest {
  const take = (name: string): string | undefined => {
    const value = attributes.get(name);
    attributes.delete(name);
    if (value === undefined) return undefined;
    if (typeof value !== "string" || value === "") throw invalid(`'${name}' is a text that is not empty`);
    return value;
  };
  const need = (name: string): string => {
    const value = take(name);
    if (value === undefined) throw invalid(`'${name}' is missing`);
    return value;
  };
  const version = need("specversion");
  if (version !== "1.0") throw invalid(`specversion '${version.slice(0, 16)}' is not '1.0'`);
  const required = { id: need("id"), source: need("source"), type: need("type") };
  const known = Object.fromEntries(
    optional.map((name) => [name, take(name)] as const).filter(([, value]) => value !== undefined),
  );
  if (known["time"] !== undefined && Number.isNaN(Date.parse(known["time"])))
    throw invalid("'time' is no RFC 3339 time");
  return { ...required, ...known, extensions: extensionsOf(attributes) };
}

function extensionsOf(attributes: ReadonlyMap<string, unknown>): Record<string, string | number | boolean> {
  if (attributes.size > maxExtensions)
    throw invalid(`it has more than ${maxExtensions} extension attributes`);
  const extensions: Record<string, string | number | boolean> = {};
  for (const [name, value] of attributes) {
    if (!/^[a-z0-9]{1,64}$/.test(name) || name === "constructor" || name === "prototype") {
      throw invalid(`attribute name '${name.slice(0, 64)}' is not lower-case letters and digits`);
    }
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
      throw invalid(`attribute '${name}' is no text, number or boolean`);
    }
    extensions[name] = value;
  }
  return extensions;
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
