import { isObject } from "@sluice/base";
import type { Path } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import type { UserContainer } from "../../workflow/container.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { hasTag, type Placed, type WorkflowLint } from "../workflow/context.ts";

/** What is mounted is declared, and two things cannot be at one place of a container's file system. */
export function lintMounts(
  lint: WorkflowLint,
  placed: Placed<Template | InlineTemplate>,
  title: string,
): void {
  lintDeclared(lint, placed);
  lintPlaces(lint, placed, title);
}

/** A warning: settings of the installation and users of a WorkflowTemplate declare volumes too. */
function lintDeclared(lint: WorkflowLint, { value, path }: Placed<Template | InlineTemplate>): void {
  const { spec, sink } = lint;
  if (lint.library || spec.workflowTemplateRef !== undefined || spec.templateDefaults !== undefined) return;
  if (spec.podSpecPatch !== undefined || value.podSpecPatch !== undefined) return;
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata);
  const declared = [...(spec.volumes ?? []), ...(value.volumes ?? []), ...claims].flatMap((volume) =>
    isObject(volume) && typeof volume["name"] === "string" ? [volume["name"]] : [],
  );
  if (declared.some(hasTag)) return;
  for (const { container, at } of containersOf(value, path))
    for (const [i, { name }] of (container.volumeMounts ?? []).entries()) {
      if (hasTag(name) || declared.includes(name)) continue;
      const message = `volume '${name}' not found in workflow spec`;
      const hint = didYouMean(name, declared, "declare it in spec.volumes, or in the template's volumes");
      sink.warn("SPEC_REFERENCE", [...at, "volumeMounts", i, "name"], { message, hint });
    }
}

interface Mounting {
  readonly container: Pick<UserContainer, "volumeMounts">;
  readonly at: Path;
}

function containersOf(value: Template | InlineTemplate, path: Path): readonly Mounting[] {
  const single = [value.container, value.script, value.containerSet] as const;
  const names = ["container", "script", "containerSet"] as const;
  const lists = {
    initContainers: value.initContainers ?? [],
    sidecars: value.sidecars ?? [],
  };
  return [
    ...single.flatMap((container, i) =>
      container === undefined ? [] : [{ container, at: [...path, names[i] ?? ""] }],
    ),
    ...(value.containerSet?.containers ?? []).map((container, i) => ({
      container,
      at: [...path, "containerSet", "containers", i],
    })),
    ...Object.entries(lists).flatMap(([list, containers]) =>
      containers.map((container, i) => ({ container, at: [...path, list, i] })),
    ),
  ];
}

function lintPlaces(
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
