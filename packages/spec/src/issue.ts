/** Steps from the root of a document to a value: keys of maps, indexes of lists. */
export type Path = readonly (string | number)[];

/** 1-based, as editors count. */
export interface Position {
  readonly line: number;
  readonly col: number;
}

/** What an issue is about; `docs/errors.md` has a row for each. Codes are never renamed or reused. */
export const issueCodes = {
  SPEC_YAML: "the text is not YAML or JSON",
  SPEC_LIMIT: "the text is larger, deeper or longer than is taken",
  SPEC_KEY_DUPLICATE: "a key stands twice in one map",
  SPEC_KEY_FORBIDDEN: "a key that would reach into the host's objects",
  SPEC_KIND_UNKNOWN: "no kind, or one that does not exist",
  SPEC_KIND_SKIPPED: "a Kubernetes object that is not Sluice's",
  SPEC_FIELD_UNKNOWN: "a field that does not exist at this place",
  SPEC_FIELD_MISPLACED: "a field that exists, but elsewhere",
  SPEC_FIELD_MISSING: "a required field is absent",
  SPEC_TYPE: "a value of the wrong type",
  SPEC_VALUE: "a value that is not allowed here",
  SPEC_DEPRECATED: "an old spelling that still works",
  SPEC_UNSUPPORTED: "valid, but not run by this version",
  SPEC_NAME: "a name that is malformed, too long or not unique",
  SPEC_REFERENCE: "a name that refers to nothing",
  SPEC_UNRESOLVED: "a variable that has no value at this place",
  SPEC_ARGUMENT: "an input or output that gets no value, or too many",
  SPEC_CONFLICT: "fields that exclude each other, or too many of one",
  SPEC_CYCLE: "things that wait for each other",
  SPEC_EXPRESSION: "an expression, path, pattern or template that does not compile",
  SPEC_NEVER: "something that can never happen",
  SPEC_EXECUTOR: "a field that the chosen executor ignores",
} as const;
export type IssueCode = keyof typeof issueCodes;

/** One finding of parser, schema or lint. */
export interface Issue {
  readonly code: IssueCode;
  readonly severity: "error" | "warning";
  /** What was wanted and what came. */
  readonly message: string;
  /** What the reader can do next. */
  readonly hint: string;
  /** As people write it: `spec.templates[0].steps[1][0].template`; "" is the document itself. */
  readonly path: string;
  readonly file?: string;
  readonly line?: number;
  readonly col?: number;
}

/** A path as people write it; keys that are no plain words are quoted: `data["a.b"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][-\w$]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** A place inside a value: `offset` characters after where `text` starts in it. */
export interface Inside {
  readonly text: string;
  readonly offset?: number;
}

/** Finds where a path stands in the text; `inside` narrows to a place in the value, when it is written as it is. */
export type Locate = (path: Path, what?: "key" | "value", inside?: Inside) => Position | undefined;

/** Where findings about one document go: it adds file and position. */
export interface IssueSink {
  readonly issues: Issue[];
  error(code: IssueCode, path: Path, words: IssueWords): void;
  warn(code: IssueCode, path: Path, words: IssueWords): void;
}

export interface IssueWords {
  readonly message: string;
  readonly hint: string;
  /** Point at the key instead of the value. */
  readonly key?: boolean;
  /** Point at where this text starts inside the value. */
  readonly text?: string;
  /** And this many characters further. */
  readonly offset?: number;
}

/** More findings than this about one document help nobody. */
export const maxIssues = 200;

/** Collects findings of one document. `locate` is absent for values that came without a text (API bodies). */
export function makeIssueSink(source: {
  readonly file?: string | undefined;
  readonly locate?: Locate | undefined;
}): IssueSink {
  const issues: Issue[] = [];
  const add = (severity: Issue["severity"], code: IssueCode, path: Path, words: IssueWords): void => {
    if (issues.length >= maxIssues) return;
    const { text, offset } = words;
    const inside = text === undefined ? undefined : { text, ...(offset === undefined ? {} : { offset }) };
    const position = source.locate?.(path, words.key === true ? "key" : "value", inside);
    issues.push({
      code,
      severity,
      message: words.message,
      hint: words.hint,
      path: formatPath(path),
      ...(source.file === undefined ? {} : { file: source.file }),
      ...(position ?? {}),
    });
  };
  return {
    issues,
    error: (code, path, words) => add("error", code, path, words),
    warn: (code, path, words) => add("warning", code, path, words),
  };
}

export const hasErrors = (issues: readonly Issue[]): boolean => issues.some((i) => i.severity === "error");

/** In the order of the text; findings without a position keep their order, at the end. */
export function inTextOrder(issues: readonly Issue[]): readonly Issue[] {
  const far = Number.MAX_SAFE_INTEGER;
  return [...issues].sort((a, b) => (a.line ?? far) - (b.line ?? far) || (a.col ?? far) - (b.col ?? far));
}
