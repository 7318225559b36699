import type { KindSchemas } from "@sluice/spec";
import { sourceRegistry } from "./kinds/registry.gen.ts";

/** Each kind's config schema, for linting manifests. What a kind calls `spec` is a zod schema; only its type is hidden. */
export const sourceSchemas = Object.fromEntries(
  [...sourceRegistry].map(([kind, definition]) => [kind, definition.spec]),
) as unknown as KindSchemas["source"];
