import { type AppError, type Clock, isAppError, type Logger, messageOf } from "@sluice/base";
import type { SubmitRun } from "@sluice/bus";
import type { References } from "@sluice/kube";
import type { TriggerRequest } from "@sluice/spec";
import type { TriggersConfig } from "./config.ts";
import type { TriggerKind, TriggerResult } from "./define.ts";
import { TriggerError } from "./errors.ts";

export type Attempted =
  | { readonly kind: "succeeded"; readonly result: TriggerResult }
  | { readonly kind: "failed"; readonly error: AppError };

export interface ExecuteDeps {
  readonly kinds: ReadonlyMap<string, TriggerKind>;
  readonly references: References;
  readonly submitRun: SubmitRun;
  readonly config: TriggersConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly memory: Map<string, number>;
}

/** One attempt of one request. Never throws: what a kind throws is the outcome. */
export async function execute(
  deps: ExecuteDeps,
  request: TriggerRequest,
  attempt: number,
  signal: AbortSignal,
): Promise<Attempted> {
  try {
    if (request.unresolved !== undefined) throw TriggerError.UNRESOLVED({ reason: request.unresolved });
    const kind = deps.kinds.get(request.kind);
    if (kind === undefined)
      throw TriggerError.KIND_UNKNOWN({ kind: request.kind, known: [...deps.kinds.keys()].sort() });
    const parsed = kind.spec.safeParse(request.action);
    if (!parsed.success) {
      const issues = parsed.error.issues.map(
        (i) => `${i.path.map(String).join(".") || "action"}: ${i.message}`,
      );
      throw TriggerError.ACTION_INVALID({ kind: request.kind, issues });
    }
    const { namespace, sensor, trigger } = request;
    const result = await kind.execute({
      spec: parsed.data,
      request,
      attempt,
      references: deps.references,
      submitRun: deps.submitRun,
      config: deps.config,
      clock: deps.clock,
      memory: deps.memory,
      log: deps.log.child({ namespace, sensor, trigger, request: request.id, attempt }),
      signal,
    });
    return { kind: "succeeded", result };
  } catch (error) {
    if (isAppError(error)) return { kind: "failed", error };
    if (signal.aborted) return { kind: "failed", error: TriggerError.SHUT_DOWN({}, error) };
    return {
      kind: "failed",
      error: TriggerError.BUG({ kind: request.kind, reason: messageOf(error) }, error),
    };
  }
}
