// What only some types of template have: one file a type.
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import type { Placed, WorkflowLint } from "../workflow/context.ts";
import { lintTemplateArtifacts } from "./artifacts.ts";
import { lintContainerSet } from "./container-set.ts";
import { lintDaemon } from "./daemon.ts";
import { lintHttp } from "./http.ts";
import { lintMemoize, lintSynchronization } from "./locks.ts";
import { lintMetrics } from "./metrics.ts";
import { lintMounts } from "./mounts.ts";
import { lintPodFields } from "./pod-fields.ts";
import { lintResource } from "./resource.ts";

export function lintBodyOf(
  lint: WorkflowLint,
  placed: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const { value, path } = placed;
  lintTemplateArtifacts(lint, placed, title);
  lintContainerSet(lint, placed, title);
  lintResource(lint, placed, title);
  lintHttp(lint, placed, title);
  lintMounts(lint, placed, title);
  lintDaemon(lint, placed, title);
  lintPodFields(lint, placed, title);
  lintMetrics(lint, value.metrics, [...path, "metrics"], title);
  lintSynchronization(lint, value.synchronization, [...path, "synchronization"], title);
  lintMemoize(lint, value.memoize, [...path, "memoize"], title);
}
