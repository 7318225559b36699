import type { StepEvent, StepRequest } from "@sluice/engine";
import { resultMaxBytes } from "./logs/frames.ts";
import type { ReadLog } from "./logs/reader.ts";
import { endOf } from "./logs/tail.ts";
import type { PodView } from "./pod-view.ts";

/**
 * Whether a deletion ended the container, rather than itself. Both times are whole seconds: within the same one,
 * exit code 0 is taken for an end of its own.
 */
export const interrupted = (view: Extract<PodView, { kind: "ended" }>): boolean =>
  view.deletedAt !== undefined &&
  (view.endedAt > view.deletedAt || (view.endedAt === view.deletedAt && view.exitCode !== 0));

export interface End {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly exitCode: number;
  readonly message?: string;
  readonly deadline?: boolean;
}

/** The `finished` event of a step, from how its container ended and what its log said. Pure. */
export function finishedOf(
  request: StepRequest,
  end: End,
  read?: ReadLog,
): Extract<StepEvent, { type: "finished" }> {
  const outputs: Record<string, string | undefined> = {};
  const notes = end.message === undefined ? [] : [end.message];
  for (const [index, { name, path }] of request.outputPaths.entries()) {
    const file = read?.frames.files.get(index);
    outputs[name] = file?.kind === "value" ? withoutNewline(file.bytes.toString("utf8")) : undefined;
    if (file?.kind === "large")
      notes.push(
        `output '${name}' (${path}) is ${file.bytes} B, more than its step's 1 MB of outputs leaves room for`,
      );
  }
  const result = request.captureResult && read !== undefined ? resultOf(read) : undefined;
  return {
    type: "finished",
    stepId: request.id,
    at: end.endedAt,
    startedAt: end.startedAt,
    exitCode: end.exitCode,
    outputs,
    ...(result === undefined ? {} : { result }),
    ...(read?.frames.progress === undefined ? {} : { progress: read.frames.progress }),
    ...(end.deadline === true ? { deadline: true } : {}),
    ...(notes.length === 0 ? {} : { message: notes.join("; ") }),
  };
}

/** The `finished` event of a step whose command the runtime could not start. Times in epoch ms; 0 = not known. */
export function notStartedOf(
  request: StepRequest,
  said: string,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): Extract<StepEvent, { type: "finished" }> {
  // What a shell says for the same mistake: 127 not found, 126 not executable.
  const exitCode = /permission denied/i.test(said) ? 126 : 127;
  return finishedOf(request, { startedAt: startedAt || now, endedAt: now, exitCode, message: said });
}

const resultOf = (read: ReadLog): string =>
  withoutNewline(read.frames.result === undefined ? read.tail : endOf(read.frames.result, resultMaxBytes));

/** As Argo: the one newline that `echo` writes at the end is not part of the value. */
const withoutNewline = (text: string): string => text.replace(/\n$/, "");
