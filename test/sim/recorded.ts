// Journals as they were written by some version, with what that version made of them. They are only ever added to:
// a later version must make the same of an old journal, or a run that is under way at an upgrade would change its past.
import { gunzipSync, gzipSync } from "node:zlib";
import { createRun, type Fact, type Run, reduce } from "@sluice/engine";

export interface Recorded {
  /** Where it comes from. */
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly end: readonly string[];
  /** Labels and annotations in the end; absent in the older ones. */
  readonly metadata?: ReturnType<typeof metadataOf>;
}

export const metadataOf = ({ labels, annotations }: Run) => ({ labels, annotations });

/** The state of a run in lines: its own phase and message, then each node. */
export const stateOf = (run: Run): readonly string[] => [
  `${run.phase} ${run.message ?? ""}`,
  ...[...run.nodes.values()].map((node) =>
    [
      node.id,
      node.name,
      node.type,
      node.phase,
      node.message ?? "",
      `${node.startedAt}-${node.finishedAt ?? ""}`,
      node.outputs?.result ?? "",
      (node.outputs?.parameters ?? []).map((p) => `${p.name}=${p.value ?? ""}`).join(","),
      node.children.join(","),
    ].join("|"),
  ),
];

export function fold(facts: readonly Fact[]): Run {
  const [first, ...rest] = facts;
  if (first?.type !== "submitted") throw new Error("a journal begins with its submission");
  const run = createRun(first);
  for (const fact of rest) reduce(run, fact);
  return run;
}

export const pack = (recorded: Recorded): Buffer => gzipSync(JSON.stringify(recorded), { level: 9 });
export const unpack = (packed: Buffer): Recorded =>
  JSON.parse(gunzipSync(packed).toString("utf8")) as Recorded;
