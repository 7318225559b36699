import { SecretKeySelector, StringMap } from "@sluice/spec";
import { z } from "zod";

/** Default bound of a request's body, as in Argo: 1 MiB. */
export const defaultMaxPayloadBytes = 1_048_576;

const Port = z
  .union([z.string().regex(/^\d{1,5}$/, { message: "must be a port number" }), z.int()])
  .transform(Number);

/** Argo's `{name}` segments are written `:name` inside. */
const Endpoint = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^\s?#]*$/, { message: "must be a path without query, fragment or spaces" })
  .transform((path) => (path.startsWith("/") ? path : `/${path}`).replace(/\{([^/{}]+)\}/g, ":$1"));

export const Spec = z
  .strictObject({
    /** Where it listens. */
    port: Port.pipe(z.int().min(1).max(65_535)),
    endpoint: Endpoint,
    /** Absent = any method. */
    method: z
      .string()
      .regex(/^[A-Za-z]+$/, { message: "must be an HTTP method" })
      .transform((method) => method.toUpperCase())
      .optional(),
    /** Public address; only sources that register themselves use it, so it is accepted and not read, as in Argo. */
    url: z.string().optional(),
    /** The bearer token that requests have to bring. */
    authSecret: SecretKeySelector.optional(),
    /** Largest body, bytes. */
    maxPayloadSize: z.int().min(1).max(67_108_864).default(defaultMaxPayloadBytes),
    /** Given with each event under `metadata`. */
    metadata: StringMap.optional(),
    serverCertSecret: SecretKeySelector.optional(),
    serverKeySecret: SecretKeySelector.optional(),
    filter: z.strictObject({ expression: z.string().min(1).max(16_384) }).optional(),
    /** The header whose value is the event's id, before all well-known ones. */
    idHeader: z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, { message: "must be a header name" })
      .optional(),
  })
  .refine((spec) => (spec.serverCertSecret === undefined) === (spec.serverKeySecret === undefined), {
    message: "serverCertSecret and serverKeySecret go together",
    path: ["serverCertSecret"],
  });
export type Spec = z.infer<typeof Spec>;
