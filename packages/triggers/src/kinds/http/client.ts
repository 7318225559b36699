import { type Clock, sendOutbound } from "@sluice/base";
import type { HttpConfig } from "../../config.ts";
import { TriggerError } from "../../errors.ts";

export interface HttpCall {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The first `maxResponseBytes`. */
  readonly body: string;
}

/**
 * Makes one request. Redirects are not followed; a long answer is cut.
 * Errors: TRIGGER_HTTP_ADDRESS (never), TRIGGER_HTTP_FAILED, TRIGGER_TIMED_OUT, TRIGGER_SHUT_DOWN (later).
 */
export async function call(http: HttpCall, config: HttpConfig): Promise<HttpAnswer> {
  const url = new URL(http.url);
  const answer = await sendOutbound({ ...http, url, maxBodyBytes: config.maxResponseBytes, policy: config });
  switch (answer.kind) {
    case "answered":
      return {
        status: answer.status,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, values]) => [name, values.join(", ")]),
        ),
        body: answer.body.toString("utf8"),
      };
    case "refused":
      throw TriggerError.HTTP_ADDRESS({ url: url.origin, address: answer.address, reason: answer.reason });
    case "timed-out":
      throw TriggerError.TIMED_OUT({ url: url.origin, afterMs: http.timeoutMs });
    case "aborted":
      throw TriggerError.SHUT_DOWN({});
    case "failed":
      throw TriggerError.HTTP_FAILED({ url: url.origin, reason: answer.reason }, answer.cause);
  }
}
