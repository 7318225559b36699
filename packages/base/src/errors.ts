/** When trying again can help: `never` the same input fails again; `later` the world may change; `bug` our invariant broke. */
export type Retry = "never" | "later" | "bug";

/** The one error class of the project; told apart by `code`, never by `instanceof` (two copies, two realms). */
export class AppError<C extends string = string> extends Error {
  override readonly name = "AppError";
  readonly code: C;
  readonly retry: Retry;
  /** What the reader can do next, with the command or field. */
  readonly hint: string;
  /** JSON-safe, no secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(parts: AppErrorParts<C>) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = parts.code;
    this.retry = parts.retry;
    this.hint = parts.hint;
    this.details = parts.details;
  }

  toJSON(): ErrorBody {
    return { code: this.code, message: this.message, hint: this.hint, details: this.details };
  }
}

export interface AppErrorParts<C extends string> {
  readonly code: C;
  readonly retry: Retry;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one shape in which an error leaves the process (API, `--json`). */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One row of an error table. `hint` may look at the details. */
export interface ErrorRow<D extends object> {
  readonly retry: Retry;
  readonly message: (details: D) => string;
  readonly hint: string | ((details: D) => string);
}

// biome-ignore lint/suspicious/noExplicitAny: the table's rows each have their own details type; inference needs `any` here
type AnyRow = ErrorRow<any>;
type DetailsOf<R> = R extends { message: (details: infer D) => string } ? D : never;

export type ErrorTable<P extends string, T extends Record<string, AnyRow>> = {
  readonly [K in keyof T & string]: (details: DetailsOf<T[K]>, cause?: unknown) => AppError<`${P}_${K}`>;
};

const registry = new Map<string, AnyRow>();

/**
 * Makes a package's error table: each key becomes a factory of `AppError<"PREFIX_KEY">`.
 * Codes are never renamed or reused; `docs/errors.md` has a row for each (kept by a test).
 */
export function defineErrors<P extends string, T extends Record<string, AnyRow>>(
  prefix: P,
  rows: T,
): ErrorTable<P, T> {
  const table: Record<string, unknown> = {};
  for (const [key, row] of Object.entries(rows)) {
    const code = `${prefix}_${key}`;
    registry.set(code, row);
    table[key] = (details: object, cause?: unknown) =>
      new AppError({
        code,
        retry: row.retry,
        message: row.message(details),
        hint: typeof row.hint === "string" ? row.hint : row.hint(details),
        details: details as Readonly<Record<string, unknown>>,
        cause,
      });
  }
  return table as ErrorTable<P, T>;
}

/** One row of the reference of errors. */
export interface ErrorDoc {
  readonly code: string;
  readonly retry: Retry;
  /** The message with `<name>` where details go. */
  readonly message: string;
  readonly hint: string;
}

/** Every error defined by the packages loaded so far, by code: what `docs/errors.md` is made from. */
export function definedErrors(): readonly ErrorDoc[] {
  const rows = [...registry].sort(([a], [b]) => (a < b ? -1 : 1));
  return rows.map(([code, row]) => ({
    code,
    retry: row.retry,
    message: described(row.message),
    hint: typeof row.hint === "string" ? row.hint : described(row.hint),
  }));
}

/** A text made from details that say only their own names. */
function described(text: (details: object) => string): string {
  const names: object = new Proxy(
    {},
    { get: (_, key) => (typeof key === "symbol" ? undefined : placeholder(String(key))) },
  );
  try {
    return String(text(names));
  } catch {
    return "";
  }
}

/** Stands in for a detail of any type: prints as `<name>`, and is an empty list for messages that count or join. */
function placeholder(name: string): unknown {
  const text = `<${name}>`;
  return Object.assign([text], { toString: () => text, length: 1 });
}

export function isAppError(error: unknown): error is AppError {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    "retry" in error &&
    typeof error.code === "string" &&
    (error.retry === "never" || error.retry === "later" || error.retry === "bug")
  );
}

export const hasCode = <C extends string>(error: unknown, code: C): error is AppError<C> =>
  typeof error === "object" && error !== null && "code" in error && error.code === code;

/** The retry class of anything thrown: an error without one is a bug of ours. */
export const retryOf = (error: unknown): Retry => (isAppError(error) ? error.retry : "bug");

/** A one-line text of anything thrown, for logs and status messages. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : String(error);
}
