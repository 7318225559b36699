import type { Clock, OutboundAnswer, Random } from "@sluice/base";
import type { Condition } from "@sluice/engine";
import { compileExpr, type ExprEnv, evaluateExpr } from "@sluice/expr";
import type { BuiltRequest } from "./request.ts";

interface Exchange {
  readonly request: BuiltRequest;
  readonly answer: Extract<OutboundAnswer, { kind: "answered" }>;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whether the answer is what the template asks for. Errors: those of expressions, and for what is no truth value. */
export function evaluateSuccess({ text, tags }: Condition, exchange: Exchange): boolean {
  const compiled = compileExpr(text, (key) => (Object.hasOwn(tags, key) ? tags[key] : undefined));
  const value = evaluateExpr(compiled, environmentOf(exchange, compiled.references));
  if (typeof value === "boolean") return value;
  throw new Error(`successCondition '${text}' gives ${JSON.stringify(value) ?? "nil"}, not true or false`);
}

function environmentOf({ request, answer, clock, random }: Exchange, references: readonly string[]): ExprEnv {
  const { method, url, body = "" } = request;
  const readsBytes = references.some((path) => path.startsWith("request.bodyBytes"));
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value]]));
  return {
    variables: {
      request: {
        method,
        url: url.href,
        body: typeof body === "string" ? body : Buffer.from(body).toString("utf8"),
        bodyBytes: readsBytes ? [...Buffer.from(body)] : [],
        headers: canonical(headers),
      },
      response: {
        statusCode: answer.status,
        body: answer.body.toString("utf8"),
        headers: canonical(answer.headers),
      },
    },
    clock,
    random,
  };
}

/** Header names as Go writes them: `content-type` is `Content-Type`. */
const canonical = (headers: Readonly<Record<string, readonly string[]>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [
      name.toLowerCase().replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase()),
      [...values],
    ]),
  );
