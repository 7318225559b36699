import type { Json } from "@sluice/base";
import { stringify } from "yaml";
import { SpecError } from "../errors.ts";
import { hasErrors } from "../issue.ts";
import { parseManifests } from "./parse.ts";

/** One value of any form (a settings file) with the bounds of manifests. Errors: SPEC_INVALID. Empty text is null. */
export function fromYaml(text: string, file?: string): Json {
  const { documents, issues } = parseManifests(text, { file, limits: { maxDocuments: 1 } });
  if (hasErrors(issues)) throw SpecError.INVALID({ issues });
  return documents[0]?.json ?? null;
}

/**
 * A value as YAML for people: long texts as blocks, no aliases, keys in their order. A text that YAML 1.1 reads as
 * something else (`yes`, `0b1`, a date) is quoted: Kubernetes reads so.
 */
export const toYaml = (value: unknown): string =>
  stringify(value, { aliasDuplicateObjects: false, lineWidth: 0, compat: "yaml-1.1" });
