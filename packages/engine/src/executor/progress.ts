/** How far a step is by its own word: whole numbers, 0 ≤ `done` ≤ `total`, and `total` > 0. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** The variable that names the file to which a step writes how far it is. */
export const progressVariable = "ARGO_PROGRESS_FILE";
/** Argo's annotation with which a template says how far its step is before it says so itself. */
export const progressAnnotation = "workflows.argoproj.io/progress";
/** Ms between two looks at a step's file. */
export const progressTickMs = 3_000;

/** `N/M`; undefined for any other text. */
export function parseProgress(text: string): Progress | undefined {
  const [, done, total] = (/^(\d{1,15})\/(\d{1,15})$/.exec(text) ?? []).map(Number);
  return done === undefined || total === undefined || done > total || total === 0
    ? undefined
    : { done, total };
}

export const progressText = ({ done, total }: Progress): string => `${done}/${total}`;

/** What a step says in its file: its last line, so that a step may also append to it. */
export function progressIn(content: string): Progress | undefined {
  const lines = content.trim().split("\n");
  return parseProgress(lines.at(-1)?.trim() ?? "");
}
