// What can come next on a command line: from the commands and options that there are. Pure.
import type { Command, Option } from "commander";

export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** `names`: what is there has to be asked for, and of which kind. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly names?: NameKind;
}

export type NameKind = "workflow" | "cron" | "template" | "cluster-template" | "source" | "sensor";

/** Commands whose arguments are names of what is there. */
const named: Readonly<Record<string, NameKind>> = {
  ...Object.fromEntries(
    ["get", "watch", "wait", "logs", "cp", "stop", "terminate", "suspend", "resume", "retry", "resubmit"].map(
      (verb) => [verb, "workflow" as const],
    ),
  ),
  ...{ delete: "workflow", "node set": "workflow" },
  ...Object.fromEntries(
    (["cron", "template", "cluster-template", "source", "sensor"] as const).flatMap((kind) =>
      ["get", "delete", "suspend", "resume", "backfill"].map((verb) => [`${kind} ${verb}`, kind]),
    ),
  ),
};

/** `words` are those after the program's name; the last one is being written, and may be empty. */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { command, path, pending, ended } = walked(program, before);
  const fitting = (candidates: readonly Candidate[]) =>
    candidates.filter(({ word }) => word.startsWith(current)).sort((a, b) => (a.word < b.word ? -1 : 1));
  if (pending !== undefined) return { candidates: fitting(choicesOf(pending)) };
  if (current.startsWith("-") && !ended) return { candidates: fitting(optionsOf(program, command)) };
  const commands = command.commands.filter((one) => !isHidden(one));
  if (commands.length > 0)
    return {
      candidates: fitting(commands.map((one) => ({ word: one.name(), description: one.description() }))),
    };
  const names = Object.hasOwn(named, path.join(" ")) ? named[path.join(" ")] : undefined;
  return names === undefined ? { candidates: [] } : { candidates: [], names };
}

interface Walked {
  readonly command: Command;
  readonly path: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** `--` was there: options are over. */
  readonly ended: boolean;
}

function walked(program: Command, words: readonly string[]): Walked {
  let command = program;
  const path: string[] = [];
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) pending = undefined;
    else if (word === "--") return { command, path, pending: undefined, ended: true };
    else if (word.startsWith("-")) {
      const option = [...command.options, ...program.options].find(
        ({ long, short }) => long === word || short === word,
      );
      if (option?.required === true) pending = option;
    } else {
      const inner = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (inner === undefined) continue;
      command = inner;
      path.push(inner.name());
    }
  }
  return { command, path, pending, ended: false };
}

const isHidden = (command: Command): boolean => command.name().startsWith("__");

const choicesOf = (option: Option): readonly Candidate[] =>
  (option.argChoices ?? []).map((word) => ({ word, description: "" }));

function optionsOf(program: Command, command: Command): readonly Candidate[] {
  const all = command === program ? program.options : [...command.options, ...program.options];
  const own = all.flatMap(({ long, short, description }) => {
    const word = long ?? short;
    return word === undefined || word === null ? [] : [{ word, description }];
  });
  const help = { word: "--help", description: "what the command does and takes" };
  return [...new Map([...own, help].map((one) => [one.word, one])).values()];
}
