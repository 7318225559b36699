// Dead letters: what gave up, and how it is sent again.

import type { QuarantinedMessage, Stored } from "@sluice/bus";
import { bindingKind, redriveBinding } from "@sluice/engine";
import type { DeadLetter } from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { limitOf } from "../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";

const maxLetters = 1_000;

export function deadRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/api/v1/sluice/dead/:namespace",
      id: "listDeadLetters",
      summary: "What gave up or could not be read, the newest first",
      query: { limit: "most items, at most 1000; default 50" },
      handle: async (call) => {
        const limit = Math.min(maxLetters, limitOf(call.query["limit"], 50));
        const namespace = call.params["namespace"] ?? "";
        const [letters, unreadable] = await Promise.all([
          deps.stores.dead.list(namespace, limit),
          deps.stores.quarantine.list(namespace, limit),
        ]);
        const items = [...letters.map(shown), ...unreadable.map(shownUnreadable)];
        return json({ items: items.sort((a, b) => b.seq - a.seq).slice(0, limit) });
      },
    },
    {
      method: "GET",
      path: "/api/v1/sluice/dead/:namespace/:id",
      id: "getDeadLetter",
      summary: "One dead letter, whole",
      handle: async (call) => {
        const unreadable = await quarantined(deps, call);
        return json(
          unreadable === undefined ? shown(await existing(deps, call)) : shownUnreadable(unreadable),
        );
      },
    },
    {
      method: "POST",
      path: "/api/v1/sluice/dead/:namespace/:id/redrive",
      id: "redriveDeadLetter",
      summary: "Send it again. Its request keeps its id, so that what it made already is not made twice",
      handle: (call) => redrive(deps, call),
    },
  ];
}

const shown = ({ seq, value }: Stored<DeadLetter>) => ({
  seq,
  ...value,
  at: new Date(value.at).toISOString(),
});

/** In the shape of a dead letter, so that one list shows both. */
const shownUnreadable = ({ seq, value }: Stored<QuarantinedMessage>) => ({
  seq,
  id: value.id,
  redrivable: false,
  request: { sensor: "-", trigger: `${value.stream}#${value.originalSeq}`, kind: "undecodable" },
  code: "BUS_DECODE",
  message: `undecodable message on '${value.subject}': ${value.reason}`,
  hint: "it was written by something else than Sluice, by a newer version, or it is damaged; it cannot be redriven",
  attempts: 0,
  at: new Date(value.at).toISOString(),
  subject: value.subject,
  data: value.data,
});

const quarantined = (deps: ServerDeps, call: ApiCall): Promise<Stored<QuarantinedMessage> | undefined> =>
  deps.stores.quarantine.get(call.params["namespace"] ?? "", call.params["id"] ?? "");

async function existing(deps: ServerDeps, call: ApiCall): Promise<Stored<DeadLetter>> {
  const id = call.params["id"] ?? "";
  const letter = await deps.stores.dead.get(call.params["namespace"] ?? "", id);
  if (letter === undefined) throw ServerError.NOT_FOUND({ what: "dead letter", name: id });
  return letter;
}

/** Removed last: a crash before that leaves the letter, and redriving it again is the same message, stored once. */
async function redrive(deps: ServerDeps, call: ApiCall) {
  const unreadable = await quarantined(deps, call);
  if (unreadable !== undefined) {
    const { id, stream, originalSeq: position } = unreadable.value;
    throw ServerError.NOT_REDRIVABLE({ id, stream, position });
  }
  const letter = await existing(deps, call);
  const { request, attempts } = letter.value;
  if (request.kind === bindingKind) {
    await redriveBinding(
      { ...deps, resources: deps.stores.resources, trail: deps.stores.trail },
      letter.value,
    );
    await deps.stores.dead.remove(letter.seq);
    deps.log.info("dead letter of a binding redriven", { request: request.id, sensor: request.sensor });
    return json({ id: letter.value.id, request: request.id, duplicate: false });
  }
  // The trail goes first: its `redriven` is what the worker's count of attempts begins at.
  for (const cause of request.causes) {
    await deps.stores.trail.record({
      v: 1,
      at: deps.clock.now(),
      cause,
      type: "trigger",
      sensor: request.sensor,
      trigger: request.trigger,
      request: request.id,
      outcome: "redriven",
      attempt: attempts,
      message: `dead letter ${letter.seq}`,
    });
  }
  const ack = await deps.stores.triggers.publish({ ...request, redrive: letter.seq });
  await deps.stores.dead.remove(letter.seq);
  deps.log.info("dead letter redriven", {
    request: request.id,
    sensor: request.sensor,
    trigger: request.trigger,
  });
  return json({ id: letter.value.id, request: request.id, duplicate: ack.duplicate });
}
