// The settings of `sluice up`: flags before environment before file before default; each knows where it came from.
import { fromYaml, isTimezone, StringMap, WorkflowSpec } from "@sluice/spec";
import { z } from "zod";
import { CliError } from "../errors.ts";

const port = z.coerce.number().int().min(0).max(65_535);

/** A secret: the value itself, or `file:PATH`, which is read at each use. */
const secret = z.string().min(1);

const count = z.int().min(0).max(1_000_000);

/** A setting with parts: a map of the settings file, or JSON or YAML text from the environment. */
const structured = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (typeof value !== "string") return value;
    try {
      return fromYaml(value, "setting");
    } catch {
      return value;
    }
  }, schema);

const unknownField = (text: string): string | undefined =>
  text
    .split(",")
    .map((field) => field.trim())
    .find((field) => !Object.hasOwn(WorkflowSpec.shape, field));

export const Config = z.strictObject({
  /** Folder of everything that is kept: the bus's files, local steps, secrets. */
  data: z.string().min(1).default(".sluice"),
  /** Address of the API. Anything but loopback needs `apiToken`. */
  host: z.string().min(1).default("127.0.0.1"),
  port: port.default(2746),
  /** Address on which webhooks listen. */
  ingressHost: z.string().min(1).default("127.0.0.1"),
  executor: z.enum(["auto", "local", "kubernetes"]).default("auto"),
  isolation: z
    .enum(["auto", "podman", "docker", "namespaces", "namespaces-unprivileged", "process"])
    .default("auto"),
  /** A NATS server to use instead of an own one. */
  nats: z
    .string()
    .regex(/^(nats|tls|ws|wss):\/\//, { message: "must begin with nats:// or tls://" })
    .optional(),
  natsUser: z.string().optional(),
  natsPassword: secret.optional(),
  natsToken: secret.optional(),
  /** Own nats-server: `safe` = an acknowledgement means on disk; `fast` = up to two minutes may be lost at power failure. */
  profile: z.enum(["safe", "fast"]).default("safe"),
  /** Own nats-server: its program. */
  natsServer: z.string().optional(),
  /** Copies of each stream; more than 1 needs a NATS cluster. */
  replicas: z.coerce.number().int().min(1).max(5).default(1),
  /** First token of every subject, and of the names of streams and buckets. */
  prefix: z
    .string()
    .regex(/^[a-z0-9]+$/, { message: "must be lower-case letters and digits" })
    .default("sluice"),
  /** Steps that run at once. */
  maxSteps: z.coerce.number().int().min(1).max(10_000).default(64),
  /** Time zone of CronWorkflows that name none, as in the IANA list. */
  timezone: z
    .string()
    .refine(isTimezone, { message: "must be a time zone such as Europe/Berlin" })
    .default("UTC"),
  /** Bytes of one artifact, packed and unpacked, beyond which it is refused. */
  artifactMaxBytes: z.coerce
    .number()
    .int()
    .min(1)
    .default(2 ** 30),
  /** Parts into which engines divide the runs; fixed by the first start of an installation. */
  shards: z.coerce.number().int().min(1).max(4_096).default(64),
  /** Workflows that are under way at once, over all engines on the bus; 0 = any number. The others are Pending. */
  parallelism: z.coerce.number().int().min(0).max(1_000_000).default(0),
  /** The same in each namespace. */
  namespaceParallelism: z.coerce.number().int().min(0).max(1_000_000).default(0),
  /** How many finished workflows stay, by how they ended: `{completed: 100, failed: 50, errored: 50}`; absent = all. */
  retentionPolicy: structured(
    z.strictObject({ completed: count.optional(), failed: count.optional(), errored: count.optional() }),
  ).optional(),
  /** Under every workflow: `{metadata: {labels, annotations}, spec}`; its own fields win, then its template's. */
  workflowDefaults: structured(
    z.strictObject({
      metadata: z
        .strictObject({ labels: StringMap.optional(), annotations: StringMap.optional() })
        .optional(),
      spec: WorkflowSpec.partial().optional(),
    }),
  ).optional(),
  /** Strict or Secure: only workflows with a workflowTemplateRef run, and they may set few fields beside it. */
  templateReferencing: z.enum(["Strict", "Secure"]).optional(),
  /** With templateReferencing: further fields of a workflow's spec that may be set, comma-separated. */
  overridableFields: z
    .string()
    .refine((text) => unknownField(text) === undefined, {
      error: ({ input }) => `'${unknownField(String(input))}' is no field of a workflow's spec`,
    })
    .optional(),
  apiToken: secret.optional(),
  kubeconfig: z.string().optional(),
  /** Executor `kubernetes`: namespaces in which steps may run, comma-separated; a Role in each is enough. Absent: all. */
  stepNamespaces: z.string().min(1).optional(),
  /** Executor `kubernetes`: for containers that name none; absent = the cluster's own rule. */
  imagePullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  /** Requests of http triggers and http steps: addresses or ranges that may be called whatever they are, comma-separated. */
  httpAllow: z
    .string()
    .regex(/^[\da-fA-F.:/]+(\s*,\s*[\da-fA-F.:/]+)*$/, {
      message: "must be addresses such as 169.254.1.1 or 10.0.0.0/8",
    })
    .optional(),
  /** The same requests: whether they may go to this machine and to private networks. */
  httpPrivate: z.enum(["allow", "refuse"]).default("allow"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
  logFormat: z.enum(["text", "json"]).default("text"),
});
export type Config = Readonly<z.infer<typeof Config>>;
export type Setting = keyof Config;

/** Settings that are secrets: shown masked. */
export const secretSettings: ReadonlySet<string> = new Set(["natsPassword", "natsToken", "apiToken"]);

export interface ConfigSources {
  /** From the command line, by setting; undefined = not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The parsed settings file. */
  readonly file?: { readonly name: string; readonly values: Readonly<Record<string, unknown>> };
}

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<Setting, string>>;
}

const settings = Object.keys(Config.shape) as readonly Setting[];

/** `SLUICE_MAX_STEPS` for `maxSteps`. */
export const variableOf = (setting: string): string =>
  `SLUICE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** Errors: CLI_CONFIG for the first setting that is unknown or does not fit. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  refuseUnknown(sources);
  const values: Record<string, unknown> = {};
  const origins = {} as Record<Setting, string>;
  for (const setting of settings) {
    const [value, origin] = settingOf(setting, sources);
    if (value !== undefined) values[setting] = value;
    origins[setting] = origin;
  }
  const parsed = Config.safeParse(values);
  if (parsed.success) return { config: Object.freeze(parsed.data), origins };
  const [issue] = parsed.error.issues;
  const setting = String(issue?.path[0] ?? "");
  throw CliError.CONFIG({
    setting,
    origin: origins[setting as Setting] ?? "",
    problem: issue === undefined ? "invalid" : problemOf(issue),
  });
}

/** With the place inside of a setting that has parts. */
function problemOf({ path, message }: z.core.$ZodIssue): string {
  const inner = path.slice(1).map(String).join(".");
  return inner === "" ? message : `${inner}: ${message}`;
}

function settingOf(setting: Setting, { flags, env, file }: ConfigSources): readonly [unknown, string] {
  if (flags[setting] !== undefined) return [flags[setting], "command line"];
  const variable = variableOf(setting);
  const fromEnv = env[variable];
  if (fromEnv !== undefined && fromEnv !== "") return [fromEnv, variable];
  const fromFile = file?.values[setting];
  if (fromFile !== undefined) return [fromFile, file?.name ?? "file"];
  return [undefined, "default"];
}

function refuseUnknown({ file }: ConfigSources): void {
  for (const key of Object.keys(file?.values ?? {})) {
    if ((settings as readonly string[]).includes(key)) continue;
    const near = settings.find(
      (setting) => setting.toLowerCase() === key.toLowerCase().replaceAll(/[-_]/g, ""),
    );
    const problem =
      near === undefined ? `unknown; known are ${settings.join(", ")}` : `unknown; did you mean '${near}'?`;
    throw CliError.CONFIG({ setting: key, origin: file?.name ?? "file", problem });
  }
}
