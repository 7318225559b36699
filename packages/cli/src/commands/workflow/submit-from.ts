// What `sluice submit` takes beside manifests: its flags, `--from`, and a file of parameters.
import { isObject } from "@sluice/base";
import { AnyText, fromYaml } from "@sluice/spec";
import { CliError } from "../../errors.ts";
import { readBounded } from "../manifests/manifest-files.ts";
import { integerOf, type OutputFormat, pairsOf } from "../output.ts";

/** The flags of `sluice submit`, as they were written. */
export interface SubmitOptions {
  readonly parameter: readonly string[];
  readonly entrypoint?: string;
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: string;
  readonly wait?: boolean;
  readonly watch?: boolean;
  readonly log?: boolean;
  readonly dryRun?: boolean;
  readonly serverDryRun?: boolean;
  readonly from?: string;
  readonly parameterFile?: string;
  readonly annotations?: string;
  readonly serviceaccount?: string;
  readonly priority?: string;
  readonly scheduledTime?: string;
  /** `true` or `false`; true is the only way that there is. */
  readonly strict?: string | true;
  readonly status?: string;
  readonly nodeFieldSelector?: string;
  readonly output?: OutputFormat;
}

/** `workflowtemplate/x` as the API's kind and name. Errors: CLI_USAGE. */
export function resourceOf(from: string): { readonly resourceKind: string; readonly resourceName: string } {
  const slash = from.indexOf("/");
  const [resourceKind, resourceName] = [from.slice(0, Math.max(slash, 0)), from.slice(slash + 1)];
  if (slash < 1 || resourceName === "")
    throw CliError.USAGE({
      problem: `--from takes workflowtemplate/NAME, clusterworkflowtemplate/NAME or cronworkflow/NAME, not '${from}'`,
    });
  return { resourceKind, resourceName };
}

/** 32 bits, as in Argo. Errors: CLI_USAGE. */
export const priorityOf = (text: string): number =>
  integerOf("--priority", text, { min: -2_147_483_648, max: 2_147_483_647 });

/** The options as Argo's `submitOptions`. */
export function submitOptionsOf(options: SubmitOptions): object {
  const given = {
    name: options.name,
    generateName: options.generateName,
    entryPoint: options.entrypoint,
    labels: options.labels,
    annotations: options.annotations,
    serviceAccount: options.serviceaccount,
    priority: options.priority === undefined ? undefined : priorityOf(options.priority),
    parameters: options.parameter.length === 0 ? undefined : options.parameter,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The options with the parameters of `--parameter-file` before those of `-p`, which win. Errors: CLI_USAGE. */
export async function withParameterFile(options: SubmitOptions): Promise<SubmitOptions> {
  const { parameterFile: file } = options;
  if (file === undefined) return options;
  // A file in which all is commented out says nothing.
  const values = fromYaml(await readBounded(file), file) ?? {};
  if (!isObject(values))
    throw CliError.USAGE({ problem: `${file}: parameters are a map of names and values` });
  const own = pairsOf("--parameter", options.parameter);
  const read = Object.entries(values)
    .filter(([name]) => !Object.hasOwn(own, name))
    .map(([name, value]) => `${name}=${AnyText.parse(value)}`);
  return { ...options, parameter: [...read, ...options.parameter] };
}

/** `--scheduled-time` is an annotation of the workflow, as a schedule writes it. Errors: CLI_USAGE. */
export function withScheduledTime(options: SubmitOptions): SubmitOptions {
  const { scheduledTime: time, annotations } = options;
  if (time === undefined) return options;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time) || Number.isNaN(Date.parse(time)))
    throw CliError.USAGE({
      problem: `--scheduled-time takes a time such as 2026-01-31T08:00:00Z, not '${time}'`,
    });
  const own = `workflows.argoproj.io/scheduled-time=${time}`;
  return { ...options, annotations: annotations === undefined ? own : `${annotations},${own}` };
}
