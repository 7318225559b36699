// A request's body as data. What Content-Type declares decides, with one exception that Argo's users live from:
// a text that begins like a JSON object or list, and is one, is read as JSON (SNS declares text/plain).
import type { Json } from "@sluice/base";
import { SourceError } from "../../errors.ts";
import type { IngressRequest } from "../../ingress.ts";
import { parseJsonBytes } from "../../json-body.ts";
import { type ContentType, contentTypeOf } from "./headers.ts";

export type Body =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "binary"; readonly base64: string };

/**
 * Reads a body: JSON parsed, form as `{key: [values]}`, text as text, anything else as base64; none = null.
 * Errors: SOURCE_BODY_INVALID, SOURCE_CHARSET_UNSUPPORTED.
 */
export function readBody(request: Pick<IngressRequest, "headers" | "body">): Body {
  if (request.body.length === 0) return { kind: "value", value: null };
  const declared = contentTypeOf(request.headers);
  if (declared.type === "application/x-www-form-urlencoded") {
    return { kind: "value", value: formData(decode(request.body, declared)) };
  }
  if (declared.type === "" || isJsonType(declared.type))
    return { kind: "value", value: json(request.body, declared) };
  if (isTextType(declared.type)) return { kind: "value", value: textOrJson(request.body, declared) };
  return { kind: "binary", base64: Buffer.from(request.body).toString("base64") };
}

export const isJsonType = (type: string): boolean => /^application\/json$|^text\/json$|\+json$/.test(type);

const isTextType = (type: string): boolean =>
  /^text\/|\+xml$|^application\/(xml|yaml|x-yaml|javascript|x-ndjson|graphql|toml)$/.test(type);

/** Form fields or query parameters, as Go's `url.Values`. */
export function formData(text: string): Json {
  const fields = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(text)) {
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [value]);
    else values.push(value);
  }
  return Object.fromEntries(fields);
}

function json(bytes: Uint8Array, declared: ContentType): Json {
  if (declared.charset !== "utf-8" && declared.charset !== "utf8" && declared.charset !== "us-ascii") {
    throw SourceError.CHARSET_UNSUPPORTED({ charset: declared.charset.slice(0, 64) });
  }
  const parsed = parseJsonBytes(bytes);
  if (parsed.ok) return parsed.value;
  throw SourceError.BODY_INVALID({ contentType: "JSON", reason: parsed.reason });
}

function textOrJson(bytes: Uint8Array, declared: ContentType): Json {
  const text = decode(bytes, declared);
  if (/^\s*[[{]/.test(text)) {
    const parsed = parseJsonBytes(bytes);
    if (parsed.ok) return parsed.value;
  }
  return text;
}

function decode(bytes: Uint8Array, declared: ContentType): string {
  const decoder = decoderOf(declared.charset);
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw SourceError.BODY_INVALID(
      { contentType: declared.type, reason: `it is not ${declared.charset}` },
      error,
    );
  }
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (error) {
    throw SourceError.CHARSET_UNSUPPORTED({ charset: charset.slice(0, 64) }, error);
  }
}
