// Claims that a run kept (`volumeClaimGC`), once the run is deleted: the executors of this process forget them.
// Owns:      a queue an executor.    Talks to: Journal, Executor.
// Invariants
//   V1. Nothing is kept but the archive, which says again at each start whose claims are freed: also those of runs that
//       were deleted when no engine was up, and on every machine that may have some. What is forgotten twice is no error.
//   V2. What a run still uses stays: it may be tried again in the moment of its deletion. Its own end decides then.
//   V3. No executor waits for another, whose cluster may be away.
import { anyAborted, type Clock, type Logger, Mailbox, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { ArchiveRow, Journal, RunKey } from "@sluice/bus";
import { readRun } from "../commands.ts";
import type { Executor } from "../executor/contract.ts";
import { claimOwnerOf, type StepRequest } from "../executor/request.ts";
import type { Fact } from "../facts.ts";
import { stepRunOf } from "../template/request.ts";

/** Where claims are. */
export interface ClaimsDeps {
  readonly journal: Journal<Fact>;
  readonly executors: readonly Executor[];
}

/** When the bus is away, it is tried again after this. */
const againMs = 5_000;

export class FreedClaims {
  readonly #deps: ClaimsDeps & { readonly clock: Clock; readonly log: Logger };
  readonly #lanes = new Map<Executor, Mailbox<StepRequest["run"]>>();

  constructor(deps: ClaimsDeps & { readonly clock: Clock; readonly log: Logger }) {
    this.#deps = deps;
    for (const executor of deps.executors)
      if (executor.forgetRun !== undefined) this.#lanes.set(executor, new Mailbox());
  }

  /** What an entry of the archive says of its name. */
  put(key: RunKey, { freed = [] }: Pick<ArchiveRow, "freed">): void {
    for (const uid of freed)
      for (const lane of this.#lanes.values()) lane.put({ namespace: key.namespace, name: key.name, uid });
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    void anyAborted(signal).then(() => {
      for (const lane of this.#lanes.values()) lane.close();
    });
    await Promise.all([...this.#lanes].map(([executor, lane]) => this.#work(executor, lane, signal)));
  }

  async #work(executor: Executor, lane: Mailbox<StepRequest["run"]>, signal: AbortSignal): Promise<void> {
    for await (const owner of lane)
      while (!signal.aborted && !(await this.#forgotten(executor, owner, signal)))
        await sleepFor(this.#deps.clock, againMs, signal);
  }

  /** False when it has to be tried again. */
  async #forgotten(executor: Executor, owner: StepRequest["run"], signal: AbortSignal): Promise<boolean> {
    const { journal, log } = this.#deps;
    try {
      if (await isInUse(journal, owner)) return true;
      // An executor may wait for its cluster for longer than this process has to live: the next one asks again (V1).
      await Promise.race([executor.forgetRun?.(owner), anyAborted(signal)]);
      return true;
    } catch (error) {
      log.warn("the claims of a deleted workflow cannot be removed", {
        ...{ run: owner.name, namespace: owner.namespace, reason: messageOf(error) },
      });
      return retryOf(error) !== "later";
    }
  }
}

/** V2. */
async function isInUse(journal: Journal<Fact>, owner: StepRequest["run"]): Promise<boolean> {
  const read = await readRun(journal, owner);
  return read !== undefined && read.run.stage !== "done" && claimOwnerOf(stepRunOf(read.run)) === owner.uid;
}
