// Where an artifact's content is: written into the manifest (raw), or under a key of the artifact repository.
import type { Artifact } from "@sluice/spec";
import { EngineError } from "../errors.ts";

/** Longest key, bytes: S3's own limit. */
const maxKeyBytes = 1_024;

/** The ways to write a key alone: each means that key in the default repository. */
const keyFields = { s3: "key", gcs: "key", oss: "key", azure: "blob" } as const;

/**
 * The location, as `raw` or as `s3` with its key; undefined when none is written.
 * Errors: ENGINE_TEMPLATE_INVALID for a location outside the default repository.
 */
export function locationOf(artifact: Partial<Artifact>): Partial<Artifact> | undefined {
  if (artifact.raw !== undefined) return { raw: artifact.raw };
  for (const [kind, field] of Object.entries(keyFields) as [keyof typeof keyFields, string][]) {
    const location = artifact[kind];
    if (location === undefined) continue;
    const other = Object.keys(location).find((name) => name !== field);
    if (other !== undefined) throw unsupported(`${kind}.${other}`);
    const key = Object.hasOwn(location, field) ? location[field] : undefined;
    return typeof key === "string" && key !== "" ? { s3: { key } } : undefined;
  }
  for (const kind of ["git", "http", "artifactory", "hdfs", "plugin"] as const)
    if (artifact[kind] !== undefined) throw unsupported(kind);
  return undefined;
}

const unsupported = (field: string) =>
  EngineError.TEMPLATE_INVALID({
    reason: `artifact location '${field}' is not run by this version: only raw data and keys of the default repository are`,
  });

/** A key as the store takes it. Errors: ENGINE_TEMPLATE_INVALID. */
export function withKey(key: string): { readonly s3: { readonly key: string } } {
  const parts = key.split("/").filter((part) => part !== "");
  if (parts.length === 0 || parts.includes("..") || parts.includes(".") || key.includes("\0"))
    throw EngineError.TEMPLATE_INVALID({ reason: `artifact key '${key}' names no place in the repository` });
  const clean = parts.join("/");
  if (Buffer.byteLength(clean) > maxKeyBytes)
    throw EngineError.TEMPLATE_INVALID({
      reason: `artifact key '${clean.slice(0, 80)}…' has more than ${maxKeyBytes} bytes`,
    });
  return { s3: { key: clean } };
}

/** The key of a location that has one. */
export const keyOf = (artifact: Partial<Artifact>): string | undefined => {
  const key = artifact.s3?.["key"];
  return typeof key === "string" && key !== "" ? key : undefined;
};
