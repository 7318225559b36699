// The kubectl flags of a resource template, as far as they mean something here; any other is refused by name.
import { AgentError } from "../errors.ts";

export interface Flags {
  /** `pod my-pod`, `pod/my-pod`. */
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly selector?: string;
  readonly ignoreNotFound: boolean;
  readonly force: boolean;
  readonly wait: boolean;
  readonly graceSeconds?: number;
  readonly propagation?: "Background" | "Foreground" | "Orphan";
  readonly fieldManager?: string;
}

const takesValue: Readonly<Record<string, string>> = {
  "-n": "namespace",
  "--namespace": "namespace",
  "-l": "selector",
  "--selector": "selector",
  "--grace-period": "grace",
  "--field-manager": "fieldManager",
};
const truths: Readonly<Record<string, string>> = {
  "--ignore-not-found": "ignoreNotFound",
  "--force": "force",
  "--force-conflicts": "force",
  "--wait": "wait",
  "--now": "now",
};
/** Flags whose wish is met anyway, or that only change what kubectl itself does. */
const harmless = new Set(["--validate", "--record", "--save-config", "--server-side", "--overwrite"]);

/** Errors: AGENT_RESOURCE_INVALID. */
export function readFlags(given: readonly string[]): Flags {
  const read = new Map<string, string>();
  const words: string[] = [];
  const rest = given.flatMap((flag) => flag.split(/\s+/)).filter((word) => word !== "");
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith("-")) {
      words.push(word);
      continue;
    }
    const [name = "", inline] = word.split(/=(.*)/s);
    const valued = Object.hasOwn(takesValue, name) ? takesValue[name] : undefined;
    const truth = Object.hasOwn(truths, name) ? truths[name] : undefined;
    if (valued !== undefined) read.set(valued, inline ?? rest.shift() ?? "");
    else if (truth !== undefined) read.set(truth, inline ?? "true");
    else if (name === "--cascade") read.set("cascade", inline ?? "background");
    else if (!harmless.has(name)) throw invalid(`kubectl's '${name}' has no meaning here`);
  }
  return { ...targetOf(words), ...settingsOf(read) };
}

const invalid = (reason: string) => AgentError.RESOURCE_INVALID({ field: "flags", reason });

function targetOf(words: readonly string[]): Pick<Flags, "kind" | "name"> {
  const [first = "", second, third] = words;
  if (third !== undefined) throw invalid(`'${third}' is one object too many`);
  if (first === "") return {};
  const [kind = "", name] = first.split("/");
  const named = name ?? second;
  return { kind: kind.toLowerCase(), ...(named === undefined ? {} : { name: named }) };
}

const cascades = { background: "Background", foreground: "Foreground", orphan: "Orphan" } as const;

function settingsOf(read: ReadonlyMap<string, string>): Omit<Flags, "kind" | "name"> {
  const grace = read.get("now") === "true" ? "1" : read.get("grace");
  if (grace !== undefined && !/^-?\d{1,6}$/.test(grace))
    throw invalid(`--grace-period '${grace}' is no number of seconds`);
  const cascade = read.get("cascade");
  if (cascade !== undefined && !Object.hasOwn(cascades, cascade))
    throw invalid(`--cascade '${cascade}' is none of ${Object.keys(cascades).join(", ")}`);
  const text = (name: "namespace" | "selector" | "fieldManager") => {
    const value = read.get(name);
    return value === undefined || value === "" ? {} : { [name]: value };
  };
  return {
    ...text("namespace"),
    ...text("selector"),
    ...text("fieldManager"),
    ignoreNotFound: read.get("ignoreNotFound") === "true",
    force: read.get("force") === "true",
    wait: read.get("wait") !== "false",
    ...(grace === undefined || Number(grace) < 0 ? {} : { graceSeconds: Number(grace) }),
    ...(cascade === undefined ? {} : { propagation: cascades[cascade as keyof typeof cascades] }),
  };
}
