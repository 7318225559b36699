import { setTimeout as sleep } from "node:timers/promises";
import type { Api } from "./api.ts";
import type { Case } from "./cases.ts";
import { claimsOf } from "./claims.ts";
import type { Expectation } from "./expectation.ts";
import { expectations } from "./expectations/table.ts";
import { judge } from "./judge.ts";
import { Seen, type SeenWorkflow } from "./seen.ts";
import type { Web } from "./web.ts";

export type Outcome =
  | { readonly kind: "passed"; readonly seconds: number }
  | { readonly kind: "failed"; readonly reasons: readonly string[]; readonly seconds: number }
  /** Not something that this machine, or this version, runs. */
  | { readonly kind: "not-run"; readonly reason: string };

export interface Ran {
  readonly case: Case;
  readonly outcome: Outcome;
}

const defaultSeconds = 90;

/** What this machine has not. */
class NotHere extends Error {}

/** Runs one example with real processes, and judges how it ended. */
export async function runCase(api: Api, web: Web, one: Case): Promise<Outcome> {
  const expected: Expectation = expectations[one.name] ?? claimsOf(one);
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
  try {
    const first = await runOnce(api, web, one, expected);
    const wrong = [...first];
    if (wrong.length === 0 && expected.again !== undefined)
      wrong.push(...(await runOnce(api, web, one, expected.again)).map((reason) => `run again: ${reason}`));
    return wrong.length === 0
      ? { kind: "passed", seconds: seconds() }
      : { kind: "failed", reasons: wrong, seconds: seconds() };
  } catch (error) {
    if (error instanceof NotHere) return { kind: "not-run", reason: error.message };
    return { kind: "failed", reasons: [reasonOf(error)], seconds: seconds() };
  }
}

/** What the server said, without the rest of its answer. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
}

async function runOnce(api: Api, web: Web, one: Case, expected: Expectation): Promise<readonly string[]> {
  const workflow = web.standIn(one.document);
  const name = await api.submit({
    ...workflow,
    metadata: { ...workflow.metadata, namespace: api.namespace },
  });
  if (expected.terminate === true) return terminated(api, name, one);
  const ended = await end(api, name, expected);
  if (ended === undefined) {
    await api.verb(name, "terminate").catch(() => undefined);
    const now = await api.get(name);
    const open = Object.values(now.status.nodes).filter((n) => n.finishedAt == null);
    return [
      `not over after ${expected.withinSeconds ?? defaultSeconds} s: ${open.map((n) => `${n.displayName} ${n.phase}${n.message === undefined ? "" : ` (${n.message})`}`).join(", ")}`,
    ];
  }
  const nowhere = Object.values(ended.status.nodes).find((n) => /AGENT_NO_KUBERNETES/.test(n.message ?? ""));
  if (nowhere !== undefined && one.group === "c")
    throw new NotHere(
      "it makes objects of a cluster, and none answers: set KUBECONFIG, or `test/kube/cluster.sh up`",
    );
  return judge(new Seen(ended, await api.lines(name)), expected.phases ?? one.phases, expected);
}

/** What never ends by itself is seen running, and then told to end. */
async function terminated(api: Api, name: string, one: Case): Promise<readonly string[]> {
  const running = await until(10, async () => {
    const seen = await api.get(name);
    return seen.status.phase === "Running" &&
      Object.values(seen.status.nodes).some((n) => n.phase === "Running")
      ? seen
      : undefined;
  });
  await api.verb(name, "terminate");
  const ended = await until(20, async () => over(await api.get(name)));
  if (running === undefined) return [`it was never seen ${one.phases.join(" or ")}`];
  return ended?.status.phase === "Failed"
    ? []
    : [`told to end, it is ${ended?.status.phase ?? "still running"}`];
}

const over = (seen: SeenWorkflow): SeenWorkflow | undefined =>
  seen.status.finishedAt === null ? undefined : seen;

/** Waits for the end; a person's part in it is played where the example needs one. */
async function end(api: Api, name: string, expected: Expectation): Promise<SeenWorkflow | undefined> {
  return until(expected.withinSeconds ?? defaultSeconds, async () => {
    const seen = await api.get(name);
    if (seen.status.finishedAt !== null) return seen;
    if (expected.resume !== undefined) await play(api, name, seen, expected.resume);
    return undefined;
  });
}

async function play(
  api: Api,
  name: string,
  seen: SeenWorkflow,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const waiting = Object.values(seen.status.nodes).find((n) => n.type === "Suspend" && n.phase === "Running");
  // One that ends by its own duration is left to it.
  if (waiting === undefined || waiting.displayName === "delay") return;
  const nodeFieldSelector = `id=${waiting.id}`;
  if (Object.keys(values).length > 0)
    await api.verb(name, "set", { nodeFieldSelector, outputParameters: JSON.stringify(values) });
  await api.verb(name, "resume", { nodeFieldSelector });
}

async function until<T>(seconds: number, look: () => Promise<T | undefined>): Promise<T | undefined> {
  const endAt = performance.now() + seconds * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > endAt) return undefined;
    await sleep(250);
  }
}
