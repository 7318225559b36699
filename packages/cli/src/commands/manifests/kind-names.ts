import type { ManifestKind } from "@sluice/spec";
import { CliError } from "../../errors.ts";

/** Kinds with their short names. */
const shortNames: Readonly<Partial<Record<ManifestKind, readonly string[]>>> = {
  Workflow: ["wf"],
  WorkflowTemplate: ["wftmpl"],
  ClusterWorkflowTemplate: ["cwftmpl", "cwft"],
  CronWorkflow: ["cronwf", "cwf"],
  WorkflowEventBinding: ["wfeb"],
  EventSource: ["es"],
  Sensor: ["sn"],
  EventBus: ["eb"],
};

/** Kinds of a list like `wf,cronworkflows`: singular or plural, in any case, or short. Errors: CLI_USAGE. */
export function kindsOf(list: string): ReadonlySet<ManifestKind> {
  const kinds = Object.entries(shortNames) as [ManifestKind, readonly string[]][];
  return new Set(
    list.split(",").map((word) => {
      const name = word.trim().toLowerCase();
      const found = kinds.find(
        ([kind, short]) => short.includes(name) || [name, `${name}s`].includes(`${kind.toLowerCase()}s`),
      );
      if (found !== undefined) return found[0];
      const known = kinds.map(([kind]) => kind.toLowerCase()).join(", ");
      throw CliError.USAGE({ problem: `'${word}' is not a kind of manifest: ${known}` });
    }),
  );
}
