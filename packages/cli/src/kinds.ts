import { sourceSchemas } from "@sluice/sources";
import type { LintOptions } from "@sluice/spec";
import { triggerRegistry } from "@sluice/triggers";

/** The schemas of every source and trigger kind of this build: what people write in manifests, for lint. */
export function kindSchemas(): NonNullable<LintOptions["kinds"]> {
  return {
    source: sourceSchemas,
    trigger: Object.fromEntries(
      [...triggerRegistry].flatMap(([kind, { manifest }]) =>
        manifest === undefined ? [] : [[kind, manifest]],
      ),
    ),
  };
}
