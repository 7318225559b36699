import { sourceRegistry } from "@sluice/sources";
import { triggerKinds } from "@sluice/triggers";

/** The schemas of every source and trigger kind of this build, for lint. */
export function kindSchemas() {
  return {
    source: Object.fromEntries(
      Object.entries(sourceRegistry).map(([kind, definition]) => [kind, definition.spec]),
    ),
    trigger: Object.fromEntries(
      Object.entries(triggerKinds).map(([kind, definition]) => [kind, definition.spec]),
    ),
  };
}
