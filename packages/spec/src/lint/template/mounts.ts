import type { InlineTemplate, Template } from "../../workflow/template.ts";
import type { Placed, WorkflowLint } from "../workflow/context.ts";

/** Two things cannot be at one place of a container's file system. */
export function lintMounts(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const kind = value.container === undefined ? "script" : "container";
  const body = value[kind];
  if (body === undefined) return;
  const taken = new Map<string, string>();
  for (const [i, mount] of (body.volumeMounts ?? []).entries()) {
    const { mountPath, name } = mount;
    if (typeof mountPath !== "string") continue;
    const other = taken.get(mountPath);
    if (other !== undefined) {
      const message = `${title}.${kind}.volumeMounts[${i}].mountPath '${mountPath}' already mounted in ${other}`;
      const at = [...path, kind, "volumeMounts", i, "mountPath"];
      sink.error("SPEC_CONFLICT", at, { message, hint: "mount one of the two elsewhere" });
    }
    taken.set(mountPath, `${kind}.volumeMounts.${String(name)}`);
  }
  for (const [i, artifact] of (value.inputs?.artifacts ?? []).entries()) {
    if (artifact.path === undefined) continue;
    const other = taken.get(artifact.path);
    if (other !== undefined) {
      const message = `${title}.inputs.artifacts[${i}].path '${artifact.path}' already mounted in ${other}`;
      const at = [...path, "inputs", "artifacts", i, "path"];
      sink.error("SPEC_CONFLICT", at, { message, hint: "put the artifact elsewhere" });
    }
    taken.set(artifact.path, `inputs.artifacts.${artifact.name}`);
  }
}
