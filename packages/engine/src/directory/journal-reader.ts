// Runs that another process advances, as their journals say. Folded runs are kept, so that a look costs what is new.
import type { Journal } from "@sluice/bus";
import { type ReadRun, readRun } from "../commands.ts";
import type { Fact } from "../facts.ts";
import { type Folded, foldRecord } from "../recovery/fold.ts";
import { idOf, type RunKeyed } from "../run/state/run.ts";

const maxKept = 64;

export class JournalReader {
  readonly #journal: Journal<Fact>;
  /** Least recently looked at first. */
  readonly #kept = new Map<string, Promise<ReadRun | undefined>>();

  constructor(journal: Journal<Fact>) {
    this.#journal = journal;
  }

  /** The run as it stands now; undefined when it has no journal. One look at a run at a time. Errors: as `readRun`. */
  read(key: RunKeyed): Promise<ReadRun | undefined> {
    const id = idOf(key);
    const before = this.#kept.get(id);
    const reading = (before ?? Promise.resolve(undefined)).then(
      (kept) => this.#renewed(key, kept),
      () => readRun(this.#journal, key),
    );
    this.#kept.delete(id);
    this.#kept.set(id, reading);
    const drop = () => {
      if (this.#kept.get(id) === reading) this.#kept.delete(id);
    };
    reading.then((run) => (run === undefined ? drop() : undefined), drop);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return reading;
  }

  /** Folds what came after `kept`, if the record that it ends with is still there: else the name has another run, or none. */
  async #renewed(key: RunKeyed, kept: ReadRun | undefined): Promise<ReadRun | undefined> {
    if (kept === undefined) return readRun(this.#journal, key);
    let folded: Folded | undefined;
    for await (const record of this.#journal.read(key, kept.seq - 1)) {
      if (record.seq === kept.seq) folded = { ...kept, records: 0 };
      else if (folded !== undefined) folded = foldRecord(folded, record);
    }
    return folded ?? readRun(this.#journal, key);
  }
}
