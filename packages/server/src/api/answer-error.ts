import { type AppError, type ErrorBody, hasCode, isAppError } from "@sluice/base";
import { ServerError } from "../errors.ts";

/** Codes whose status does not follow from their retry class. */
const statuses: Readonly<Record<string, number>> = {
  SERVER_UNAUTHORIZED: 401,
  SERVER_HOST_REFUSED: 403,
  SERVER_NOT_FOUND: 404,
  SERVER_ROUTE_UNKNOWN: 404,
  SERVER_BODY_TOO_LARGE: 413,
  SERVER_CONTENT_TYPE_UNSUPPORTED: 415,
  SERVER_ENCODING_UNSUPPORTED: 415,
  SERVER_NOT_REDRIVABLE: 409,
  SERVER_ALREADY_EXISTS: 409,
  SERVER_CHANGED_MEANWHILE: 409,
  SERVER_NOT_YET: 501,
  BUS_WRONG_SEQUENCE: 409,
  BUS_MESSAGE_TOO_LARGE: 413,
  ENGINE_RUN_NOT_FOUND: 404,
  ENGINE_NAME_TAKEN: 409,
  ENGINE_RUN_FINISHED: 409,
  ENGINE_CRON_EXISTS: 409,
  ENGINE_BACKFILL_EXISTS: 409,
};

export function statusOf(error: AppError): number {
  const known = statuses[error.code];
  if (known !== undefined) return known;
  if (error.code.endsWith("_NOT_FOUND")) return 404;
  if (error.retry === "never") return 400;
  return error.retry === "later" ? 503 : 500;
}

/** Anything thrown, as a status and the one error shape. What is our own fault shows only the request's id. */
export function answerOf(
  error: unknown,
  requestId: string,
): { readonly status: number; readonly body: ErrorBody } {
  const coded = isAppError(error) ? error : fromFramework(error);
  if (coded === undefined || coded.retry === "bug") {
    const internal = ServerError.INTERNAL({ request: requestId });
    return { status: 500, body: internal.toJSON() };
  }
  const { code, message, hint, details } = coded;
  return { status: statusOf(coded), body: { code, message, hint, details } };
}

/** The web framework's own refusals, in our words. */
function fromFramework(error: unknown): AppError | undefined {
  if (hasCode(error, "FST_ERR_CTP_BODY_TOO_LARGE"))
    return ServerError.BODY_TOO_LARGE({ maxBytes: maxBodyBytes });
  if (hasCode(error, "FST_ERR_CTP_INVALID_MEDIA_TYPE")) {
    const contentType = /type: (.*)$/.exec((error as { message?: string }).message ?? "")?.[1] ?? "";
    return ServerError.CONTENT_TYPE_UNSUPPORTED({ contentType: contentType.slice(0, 200) });
  }
  if (hasCode(error, "FST_ERR_VALIDATION")) {
    const { validationContext, message } = error as { validationContext?: string; message: string };
    return ServerError.REQUEST_INVALID({ where: validationContext ?? "request", reason: message });
  }
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode;
  if (typeof status === "number" && status >= 400 && status < 500 && error instanceof Error) {
    return ServerError.REQUEST_INVALID({ where: "request", reason: error.message });
  }
  return undefined;
}

/** Largest request body of the API: a workflow of thousands of templates, or many manifests at once. */
export const maxBodyBytes = 8 * 1_048_576;
