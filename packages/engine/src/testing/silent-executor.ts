import type { StepEvent } from "../executor/events.ts";
import { ManualExecutor } from "./manual-executor.ts";

/** Never says that a step runs: for the engine each stays pending until its end. */
export class SilentExecutor extends ManualExecutor {
  override async *events(signal: AbortSignal): AsyncIterable<StepEvent> {
    for await (const event of super.events(signal)) if (event.type !== "started") yield event;
  }
}
