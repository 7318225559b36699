// The one place where answers of the API server become coded errors.
import { type AppError, isObject } from "@sluice/base";
import { KubeError } from "../errors.ts";

/** What an unsuccessful answer brought. `body` is its text, at most a few kB. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** The wait that the server asks for when it names none, ms. */
const defaultRetryAfterMs = 1_000;

/** Maps an answer with a status ≥ 400, or the Status object of a watch's ERROR event. Pure. */
export function mapAnswer(what: string, answer: Answer): AppError {
  const { reason, message, retryAfterSeconds } = readStatus(answer.body);
  const said = message ?? `HTTP ${answer.status}`;
  const where = { what, said };
  switch (answer.status) {
    case 401:
      return KubeError.UNAUTHORIZED(where);
    case 403:
      return /exceeded quota/.test(said) ? KubeError.QUOTA(where) : KubeError.FORBIDDEN(where);
    case 404:
      return KubeError.NOT_FOUND(where);
    case 409:
      return reason === "AlreadyExists" ? KubeError.EXISTS(where) : KubeError.CONFLICT(where);
    case 410:
      return KubeError.GONE(where);
    case 429:
      return KubeError.THROTTLED({
        ...where,
        retryAfterMs: retryAfterMs(answer.retryAfter, retryAfterSeconds),
      });
    default:
      if (reason === "Expired" || reason === "Gone") return KubeError.GONE(where);
      return answer.status >= 400 && answer.status < 500
        ? KubeError.INVALID(where)
        : KubeError.UNAVAILABLE(where);
  }
}

/** Maps what the network threw: all of it may heal. */
export const mapNetwork = (what: string, cause: unknown): AppError =>
  KubeError.UNAVAILABLE({ what, said: networkText(cause) }, cause);

function networkText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
  if (cause.message !== "") return cause.message;
  return code ?? cause.name;
}

interface Status {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
}

function readStatus(body: string): Status {
  const none: Status = {
    reason: undefined,
    message: body.trim().slice(0, 300) || undefined,
    retryAfterSeconds: undefined,
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return none;
  }
  if (!isObject(parsed)) return none;
  const details = isObject(parsed["details"]) ? parsed["details"] : {};
  const seconds = details["retryAfterSeconds"];
  return {
    reason: typeof parsed["reason"] === "string" ? parsed["reason"] : undefined,
    message: typeof parsed["message"] === "string" ? parsed["message"].slice(0, 2_000) : undefined,
    retryAfterSeconds: typeof seconds === "number" ? seconds : undefined,
  };
}

function retryAfterMs(header: string | undefined, seconds: number | undefined): number {
  const named = header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) : seconds;
  return named === undefined ? defaultRetryAfterMs : named * 1_000;
}
