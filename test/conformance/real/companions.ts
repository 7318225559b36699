// What examples refer to and do not bring: applied before they run.

import type { Api } from "./api.ts";
import type { Case, Manifest } from "./cases.ts";
import type { Cluster } from "./cluster.ts";
import { reasonOf } from "./run-case.ts";

/** The ConfigMap that the examples of semaphores name in a comment. */
const limits: Manifest = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "my-config" },
  ...{ data: { workflow: "3", template: "3" } },
};

/** The Secret that an example reads; it names the command that makes it. */
const secret: Manifest = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "my-secret" },
  ...{ stringData: { mypassword: "S00perS3cretPa55word" } },
};

const definitions: ReadonlySet<string> = new Set([
  "ConfigMap",
  "WorkflowTemplate",
  "ClusterWorkflowTemplate",
]);

export interface Refused {
  readonly name: string;
  readonly reason: string;
}

/** What pods read is the cluster's when steps are pods. */
const clusters: ReadonlySet<string> = new Set(["ConfigMap", "Secret", "PersistentVolumeClaim"]);

/**
 * Applies all that the corpus itself has for others to refer to; `cluster` is the one that steps are pods of. What is
 * refused is told, and stands in its own row.
 */
export async function applyCompanions(
  api: Api,
  all: readonly Case[],
  cluster: Cluster | undefined,
): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  const apply = (document: Manifest): Promise<void> =>
    cluster !== undefined && clusters.has(document.kind) ? cluster.apply(document) : api.apply(document);
  await apply(limits);
  await apply(secret);
  for (const { name, document } of all) {
    const isVolume = cluster !== undefined && document.kind === "PersistentVolumeClaim";
    if (!definitions.has(document.kind) && !isVolume) continue;
    const reason = await apply(document).then(() => undefined, reasonOf);
    if (reason !== undefined) refused.push({ name, reason });
  }
  for (const key of ["workflow", "template"]) await api.setDatabaseLimit(key, 3).catch(() => undefined);
  return refused;
}
