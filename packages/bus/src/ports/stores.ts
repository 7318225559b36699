// What the rest of Sluice talks to: typed doors over a Transport. Each is a few dozen lines in `stores/`.
import type { Archive } from "./archive.ts";
import type { ArtifactStore } from "./artifacts.ts";
import type { DeadLetters, Quarantine } from "./dead.ts";
import type { EventLog } from "./events.ts";
import type { Journal, SubmitRun } from "./journal.ts";
import type { LogStore } from "./logs.ts";
import type { MemoStore } from "./memo.ts";
import type { Resources } from "./resources.ts";
import type { KeyValue } from "./transport.ts";
import type { Trail, TriggerQueue } from "./triggers.ts";

/** Every door at once, made by `openStores(transport)`. */
export interface Stores {
  readonly events: EventLog;
  readonly triggers: TriggerQueue;
  readonly dead: DeadLetters;
  readonly quarantine: Quarantine;
  readonly trail: Trail;
  readonly logs: LogStore;
  readonly resources: Resources;
  readonly submitRun: SubmitRun;
  journal<F>(): Journal<F>;
  /** Compare-and-set state that its users shape: joins, schedules, locks, leases, and what was seen already. */
  state(bucket: "sensor-state" | "schedules" | "locks" | "memo" | "leases" | "dedup"): KeyValue;
  readonly archive: Archive;
  readonly artifacts: ArtifactStore;
  readonly memo: MemoStore;
}
