// From a request to what is run: command, variables, volumes. References are read here, when a step starts.

import { isObject } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import type { Container, Script } from "@sluice/spec";
import { LocalError } from "../../errors.ts";
import { knownEntrypoint, standInFor } from "../isolation/shims.ts";
import { readEnvironment } from "../plan/environment.ts";
import { planVolumes } from "../plan/volumes.ts";

export const scriptPath = "/argo/staging/script";

export interface StepPlan {
  /** Undefined: the image's own entrypoint (container engines only). */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[];
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  readonly workingDir: string | undefined;
  readonly script: string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly volumes: readonly PlannedVolume[];
  /** Input artifacts, brought to this machine. */
  readonly inputs: readonly BroughtInput[];
  /** The largest raw tar of an output artifact. */
  readonly maxArtifactBytes: number;
  readonly limits: { readonly memory?: string; readonly cpu?: string };
}

/** An input artifact: a file or folder of this machine that the step shall find at `target`. */
export interface BroughtInput {
  readonly source: string;
  readonly target: string;
}

export interface PlannedVolume {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath: string;
  readonly readOnly: boolean;
  /** Folder of this machine that outlives the step; absent = one in the step's own folder. */
  readonly source?: string;
  /** What is in it at first: relative path → bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface PlanOptions {
  readonly references: References;
  readonly isolation: string;
  /** Where the folders of persistent volume claims are. */
  readonly claimsDir: string;
  /** Which container of the step; default its only one. */
  readonly container?: Container | Script;
}

/** Errors: LOCAL_COMMAND_UNKNOWN, LOCAL_FIELD_UNSUPPORTED, LOCAL_REFERENCE_MISSING, LOCAL_ENVIRONMENT_TOO_LARGE. */
export async function planContainer(
  step: StepRequest,
  { references, isolation, claimsDir, container = containerOf(step) }: PlanOptions,
): Promise<StepPlan> {
  const image = container.image ?? "";
  const engine = isolation === "podman" || isolation === "docker";
  const args = container.args ?? [];
  let command: readonly string[] | undefined = container.command;
  if ((command === undefined || command.length === 0) && !engine) {
    command = knownEntrypoint(image, args.length > 0);
    if (command === undefined) throw LocalError.COMMAND_UNKNOWN({ image, isolation });
  }
  if (command !== undefined && !engine) command = standInFor(image, command);
  const words = { command: command ?? [], args, workingDir: [container.workingDir ?? ""] };
  for (const [field, values] of Object.entries(words)) refuseZeroBytes(field, values);
  const source = "source" in container ? container.source : undefined;
  const limits = isObject(container.resources) ? container.resources["limits"] : undefined;
  return {
    command: command?.length === 0 ? undefined : command,
    args: source === undefined ? args : [...args, scriptPath],
    image,
    pullPolicy: container.imagePullPolicy,
    workingDir: container.workingDir === "" ? undefined : container.workingDir,
    script: source,
    env: await readEnvironment(step, container, references),
    volumes: await planVolumes(step, container, { references, claimsDir }),
    inputs: [],
    maxArtifactBytes: 0,
    limits: isObject(limits) ? { ...text(limits, "memory"), ...text(limits, "cpu") } : {},
  };
}

/** The one container of a step. Errors: LOCAL_FIELD_UNSUPPORTED for work that has none. */
export function containerOf({ work }: Pick<StepRequest, "work">): Container | Script {
  if (work.kind === "container") return work.container;
  if (work.kind === "script") return work.script;
  throw LocalError.FIELD_UNSUPPORTED({ field: work.kind, reason: "it does not run as a process" });
}

/** The kernel ends a word at its first zero byte, and a shell drops it: neither is what was written. */
function refuseZeroBytes(field: string, values: readonly string[]): void {
  const index = values.findIndex((value) => value.includes("\0"));
  if (index >= 0)
    throw LocalError.FIELD_UNSUPPORTED({
      field: field === "workingDir" ? field : `${field}[${index}]`,
      reason: "its value has a zero byte",
    });
}

function text<K extends string>(from: Record<string, unknown>, key: K): { readonly [P in K]?: string } {
  const value = Object.hasOwn(from, key) ? from[key] : undefined;
  return (typeof value === "string" || typeof value === "number" ? { [key]: String(value) } : {}) as {
    [P in K]?: string;
  };
}
