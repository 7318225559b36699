// Owns:      one mounted route.      Talks to: Ingress, References, emit.
// Invariants
//   W1. 2xx only after every event of the request is stored, or recorded as filtered (P1).
//   W2. The same delivery has the same id (P2); see delivery-id.ts.
//   W3. The token is read at each request, so that a rotated Secret counts at once; it is never stored or logged.
import { hasCode, isAppError, retryOf } from "@sluice/base";
import { defineSource, type EmitRequest, type SourceContext } from "../../define.ts";
import { SourceError } from "../../errors.ts";
import type { IngressRequest, IngressResponse, IngressRoute } from "../../ingress.ts";
import { bearsToken, readSecret } from "./auth.ts";
import { cloudEventsOf } from "./cloud-event.ts";
import { deliveryId } from "./delivery-id.ts";
import { headerOf } from "./headers.ts";
import { webhookData } from "./payload.ts";
import { Spec } from "./spec.ts";

/** An HTTP endpoint; each request becomes an event. */
export default defineSource<Spec>({
  kind: "webhook",
  spec: Spec,
  placement: "everywhere",

  async run(ctx) {
    if (ctx.spec.authSecret !== undefined) {
      await readSecret(ctx.references, ctx.namespace, "authSecret", ctx.spec.authSecret);
    }
    const route = await routeOf(ctx);
    await using _mounted = await ctx.ingress.mount(route);
    ctx.ready();
    await aborted(ctx.signal);
  },
});

async function routeOf(ctx: SourceContext<Spec>): Promise<IngressRoute> {
  const { spec } = ctx;
  const tls =
    spec.serverCertSecret === undefined || spec.serverKeySecret === undefined
      ? {}
      : {
          tls: {
            cert: await readSecret(ctx.references, ctx.namespace, "serverCertSecret", spec.serverCertSecret),
            key: await readSecret(ctx.references, ctx.namespace, "serverKeySecret", spec.serverKeySecret),
          },
        };
  return {
    owner: `${ctx.namespace}/${ctx.source}/${ctx.event}`,
    port: spec.port,
    path: spec.endpoint,
    methods: spec.method === undefined ? "*" : [spec.method],
    maxBodyBytes: spec.maxPayloadSize,
    ...tls,
    handle: (request) => answer(ctx, request),
  };
}

async function answer(ctx: SourceContext<Spec>, request: IngressRequest): Promise<IngressResponse> {
  try {
    await authorize(ctx, request);
    for (const event of eventsOf(ctx.spec, request)) {
      const emitted = await ctx.emit(event);
      ctx.log.debug("event taken", { id: emitted.id, outcome: emitted.outcome });
    }
    return success;
  } catch (error) {
    return refusal(ctx, error);
  }
}

/** What Argo's webhook answers, to the letter: clients compare it. */
const success: IngressResponse = {
  status: 200,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "success",
};

async function authorize(ctx: SourceContext<Spec>, request: IngressRequest): Promise<void> {
  if (ctx.spec.authSecret === undefined) return;
  const secret = await readSecret(ctx.references, ctx.namespace, "authSecret", ctx.spec.authSecret);
  if (!bearsToken(request.headers, secret)) throw SourceError.UNAUTHORIZED({});
}

/** The events of a request. Pure: the same request gives the same ids. */
export function eventsOf(spec: Spec, request: IngressRequest): readonly EmitRequest[] {
  const cloudEvents = cloudEventsOf(request);
  if (cloudEvents !== undefined) return cloudEvents;
  const id = deliveryId(request.headers, spec.idHeader);
  const traceparent = headerOf(request.headers, "traceparent");
  return [
    {
      ...(id === undefined ? {} : { id }),
      ...(traceparent === undefined ? {} : { traceparent }),
      data: webhookData(request, spec.metadata),
    },
  ];
}

function refusal(ctx: SourceContext<Spec>, error: unknown): IngressResponse {
  const status = statusOf(error);
  if (status >= 500)
    ctx.log.warn("event not taken", { code: isAppError(error) ? error.code : "unknown", status });
  if (status === 500 || !isAppError(error)) throw error;
  const { code, message, hint } = error;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (status === 503) headers["retry-after"] = "5";
  if (status === 401) headers["www-authenticate"] = "Bearer";
  // Which secret or stream is in trouble is not the sender's business: no message and no details at 5xx.
  const shown = status === 503 ? "the event cannot be stored now" : message;
  const todo = status === 503 ? "send it again after Retry-After, with the same delivery id" : hint;
  return { status, headers, body: JSON.stringify({ code, message: shown, hint: todo, details: {} }) };
}

function statusOf(error: unknown): number {
  if (hasCode(error, "SOURCE_UNAUTHORIZED")) return 401;
  if (hasCode(error, "SOURCE_CHARSET_UNSUPPORTED")) return 415;
  if (hasCode(error, "BUS_MESSAGE_TOO_LARGE")) return 413;
  if (retryOf(error) === "later") return 503;
  return retryOf(error) === "never" ? 400 : 500;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
