import type { RunSubmitted } from "@sluice/spec";
import type { Stores } from "../ports/stores.ts";
import type { Transport } from "../ports/transport.ts";
import { makeArchive } from "./archive.ts";
import { makeArtifactStore } from "./content/artifacts.ts";
import { makeMemoStore } from "./content/memo.ts";
import { makeContext, type StoreDeps } from "./context.ts";
import { makeEventLog } from "./events.ts";
import { makeJournal } from "./journal.ts";
import { makeLogStore } from "./logs.ts";
import { makeQuarantine } from "./reading/quarantine.ts";
import { makeResources } from "./resources.ts";
import { makeSubmitRun } from "./submit.ts";
import { makeDeadLetters, makeTrail, makeTriggerQueue } from "./triggers.ts";

/** The typed doors over a transport. Holds nothing open: whoever made the transport closes it. */
export function openStores(transport: Transport, deps: StoreDeps): Stores {
  const context = makeContext(transport, deps);
  const archive = makeArchive(context);
  return {
    events: makeEventLog(context),
    triggers: makeTriggerQueue(context),
    dead: makeDeadLetters(context),
    quarantine: makeQuarantine(context),
    trail: makeTrail(context),
    logs: makeLogStore(context),
    resources: makeResources(context),
    archive,
    artifacts: makeArtifactStore(context),
    memo: makeMemoStore(context),
    submitRun: makeSubmitRun(context, archive, makeJournal<RunSubmitted>(context)),
    journal: <F>() => makeJournal<F>(context),
    state: (bucket) => transport.keyValue(bucket),
  };
}
