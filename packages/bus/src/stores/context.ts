import type { Clock, Logger, Packing } from "@sluice/base";
import type { Transport } from "../ports/transport.ts";
import { makeSubjects, type Subjects } from "../subjects.ts";
import { type BodyCodec, lazyBodyCodec } from "./content/body.ts";

export interface StoreDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** How checkpoints are packed; default on threads. */
  readonly packing?: Packing;
}

/** What every store works with. */
export interface StoreContext extends StoreDeps {
  readonly transport: Transport;
  readonly subjects: Subjects;
  readonly body: BodyCodec;
  /** Messages that were put in quarantine by this process. */
  readonly aside: Set<string>;
}

export const makeContext = (transport: Transport, deps: StoreDeps): StoreContext => ({
  ...deps,
  transport,
  subjects: makeSubjects(transport.prefix),
  body: lazyBodyCodec(transport),
  aside: new Set(),
});
