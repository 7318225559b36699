import { messageOf, type OutboundAnswer, type OutboundPolicy } from "@sluice/base";
import type { References } from "@sluice/kube";
import { AgentError } from "../errors.ts";
import { type AgentWork, agentWork, type WorkContext, type WorkEnd } from "../work.ts";
import { evaluateSuccess } from "./condition.ts";
import { follow } from "./redirects.ts";
import { type BuiltRequest, buildRequest, type HttpStepWork } from "./request.ts";

export interface HttpWorkOptions {
  readonly references: References;
  readonly policy: OutboundPolicy;
}

/** What of an answer is read. */
const maxBodyBytes = 1_024 * 1_024;
/** The largest `outputs.result`. */
const maxResultBytes = 256 * 1_024;
/** A body that nobody refers to is kept all the same when it is this short: people look at it. */
const shortBytes = 1_024;

/**
 * Steps of the type http. At least once: a crash between the request and the storing of its end sends it again, with the
 * same `Idempotency-Key`.
 */
export function makeHttpWork({ references, policy }: HttpWorkOptions): AgentWork {
  return agentWork("http", 64, async (work, context) => {
    const request = await buildRequest(work, context.step, references);
    const startedAt = context.clock.now();
    const { answer, url } = await follow(request, { ...context, policy, maxBodyBytes });
    const place = `${url.origin}${url.pathname}`;
    if (answer.kind === "answered") {
      const took = context.clock.now() - startedAt;
      context.say(`${request.method} ${place}: ${answer.status}, ${answer.body.length} B, ${took} ms`);
      return judge(work, { request, answer, context });
    }
    const end = failed(answer, { place, timeoutMs: request.timeoutMs });
    context.say(end.message ?? "", "stderr");
    return end;
  });
}

type Answered = Extract<OutboundAnswer, { kind: "answered" }>;

interface Exchange {
  readonly request: BuiltRequest;
  readonly answer: Answered;
  readonly context: WorkContext;
}

function judge(work: HttpStepWork, { request, answer, context }: Exchange): WorkEnd {
  const { success } = work;
  const result = resultOf(answer, context.step.captureResult);
  if (typeof result === "object") return result;
  const kept = result === undefined ? {} : { result };
  if (success === undefined) {
    if (answer.status >= 200 && answer.status < 300) return { phase: "Succeeded", ...kept };
    return { phase: "Failed", message: `received non-2xx response code: ${answer.status}`, ...kept };
  }
  try {
    if (answer.isCut && /\bbody\b/.test(success.text))
      return broken(`successCondition cannot be judged: the response has more than ${maxBodyBytes} B`);
    if (evaluateSuccess(success, { request, answer, clock: context.clock, random: context.random }))
      return { phase: "Succeeded", ...kept };
  } catch (error) {
    return { ...broken(messageOf(error)), ...kept };
  }
  return { phase: "Failed", message: `successCondition '${success.text}' evaluated false`, ...kept };
}

/** The body as the step's result; an end when it is wanted and too large: half of it would be another value. */
function resultOf(answer: Answered, isWanted: boolean): string | undefined | WorkEnd {
  const bytes = answer.body.length;
  if (!isWanted) return bytes <= shortBytes ? answer.body.toString("utf8") : undefined;
  if (answer.isCut || bytes > maxResultBytes)
    return broken(
      `the response has ${answer.isCut ? "more than " : ""}${bytes} B, outputs.result takes ${maxResultBytes} B`,
    );
  return answer.body.toString("utf8");
}

const broken = (reason: string): WorkEnd => ({ phase: "Error", message: `error processing task: ${reason}` });

function failed(
  answer: Exclude<OutboundAnswer, Answered>,
  { place, timeoutMs }: { readonly place: string; readonly timeoutMs: number },
): WorkEnd {
  switch (answer.kind) {
    case "refused":
      throw AgentError.ADDRESS_REFUSED({ url: place, address: answer.address, reason: answer.reason });
    case "timed-out":
      return broken(`'${place}' did not answer within ${timeoutMs / 1_000} s`);
    case "aborted":
      return broken("it was stopped");
    case "failed":
      return broken(`no answer from '${place}': ${answer.reason}`);
  }
}
