import { sourceRegistry } from "@sluice/sources";
import { triggerRegistry } from "@sluice/triggers";

/** The schemas of every source and trigger kind of this build, for lint. */
export function kindSchemas() {
  return {
    source: Object.fromEntries(
      Object.entries(sourceRegistry).map(([kind, definition]) => [kind, definition.spec]),
    ),
    trigger: Object.fromEntries(
      Object.entries(triggerRegistry).map(([kind, definition]) => [kind, definition.spec]),
    ),
  };
}
