// `sluice demo`: the whole path once, on this machine, shown while it happens; leaves nothing behind.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatDuration, noFailpoints, Scope, silentLogger, sleepFor } from "@sluice/base";
import { freePort, type StreamName } from "@sluice/bus";
import { ApiClient } from "../../client/api-client.ts";
import { outputsOf, phaseOf, type WorkflowObject } from "../../client/workflow-object.ts";
import { loadConfig } from "../../config/config.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { type EventWithTrail, renderTrail } from "../../render/event.ts";
import { oneLine } from "../../render/text.ts";
import { durationOf } from "../../render/workflow.ts";
import { type RunningSluice, startSluice } from "../../up/start.ts";
import { applyTexts } from "../manifests/apply.ts";
import { drawWorkflow } from "../workflow/live-tree.ts";
import { endWith } from "../workflow/workflow.ts";

const task = { title: "hello from the demo", priority: 2, parts: 3 };

export async function demo(
  context: CliContext,
  _args: readonly string[],
  options: { readonly data?: string },
): Promise<void> {
  const startedAt = context.clock.monotonic();
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), "sluice-demo-")));
  const say = sayer(context);
  let memoryDir: string | undefined;
  try {
    await using scope = new Scope();
    say.step(1, "start");
    const running = await start(context, folder, scope);
    memoryDir = running.executor.memoryDir;
    const own: CliContext = { ...context, namespace: "default", client: new ApiClient({ url: running.url }) };
    await sayStarted(running, say);
    say.step(2, "apply examples/quickstart");
    const address = await applyExample(own, running, say, scope.signal);
    say.step(3, "send an HTTP request");
    const id = await send(own, address, say);
    say.step(4, "what became of the event");
    const name = await decided(own, id, say);
    say.step(5, `the workflow ${name}`);
    const workflow = await drawWorkflow(own, name, { compact: true });
    sayEnd(workflow, say);
    say.step(6, "what was stored");
    await sayStored(running, say);
    endWith(workflow);
  } finally {
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
    if (options.data === undefined && memoryDir !== undefined)
      await rm(memoryDir, { recursive: true, force: true });
  }
  const kept =
    options.data === undefined
      ? "everything is stopped and removed"
      : `everything is stopped; the state is kept in ${folder}`;
  context.out(
    `\n${context.palette.good("✔")} the whole path in ${formatDuration(context.clock.monotonic() - startedAt)}; ${kept}`,
  );
  context.out(
    context.palette.dim("  next: `npm start` keeps it running; README.md has your first own workflow"),
  );
}

type Sayer = ReturnType<typeof sayer>;

function sayer({ out, palette }: CliContext) {
  return {
    palette,
    step: (number: number, what: string) => out(`\n${palette.bold(`${number}/6  ${what}`)}`),
    done: (text: string) => out(`  ${palette.good("✔")} ${text}`),
    plain: (text: string) => out(`  ${text}`),
  };
}

function start(context: CliContext, folder: string, scope: Scope): Promise<RunningSluice> {
  const { config } = loadConfig({ flags: { data: folder, port: 0, executor: "local" }, env: context.env });
  const { clock, random, env } = context;
  return startSluice({ config, env, clock, random, log: silentLogger, failpoints: noFailpoints, scope });
}

async function sayStarted(running: RunningSluice, say: Sayer): Promise<void> {
  const own = running.bus.own?.();
  const { sync } = await running.bus.transport.describe();
  say.done(
    `nats-server ${own?.version ?? ""} with JetStream; an acknowledgement means ${sync === "always" ? "on disk" : `written, synced within ${sync}`}`,
  );
  const steps = await running.executor.executor.describe();
  say.done(`steps run by isolation '${steps.isolation}' (\`sluice doctor\` says what else this machine has)`);
  for (const warning of steps.warnings) say.plain(say.palette.warn(`! ${warning}`));
  say.done(`API at ${running.url}`);
}

/** Applies the example; its port is moved when another program has it. Resolves with the webhook's address. */
async function applyExample(
  context: CliContext,
  running: RunningSluice,
  say: Sayer,
  signal: AbortSignal,
): Promise<string> {
  const folder = exampleFolder();
  const port = await freePort(12_000);
  if (port !== 12_000)
    say.plain(say.palette.warn(`! port 12000 is taken on this machine: the webhook gets ${port}`));
  const texts = await Promise.all(
    ["event-source.yaml", "sensor.yaml"].map(async (name) => ({
      file: `examples/quickstart/${name}`,
      text: (await readFile(join(folder, name), "utf8")).replaceAll("12000", String(port)),
    })),
  );
  for (const { kind, name, outcome } of await applyTexts(context, texts))
    say.done(`${kind} ${name} ${outcome}`);
  await running.sources.until((board) => board.ready && board.get("default", "tasks") !== undefined, signal);
  return `http://127.0.0.1:${port}/tasks`;
}

/** Beside the bundle in a package, at the root of a clone. */
function exampleFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = ["..", "../../../../.."]
    .map((up) => join(here, up, "examples", "quickstart"))
    .find((path) => existsSync(path));
  if (found === undefined) throw CliError.NOTHING_FOUND({ wanted: "examples/quickstart", where: here });
  return found;
}

async function send(context: CliContext, address: string, say: Sayer): Promise<string> {
  const id = `demo-${context.random.id().slice(0, 12)}`;
  const body = JSON.stringify(task);
  say.plain(`POST ${address}`);
  say.plain(`     ${body}`);
  const sentAt = context.clock.monotonic();
  const answer = await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": id },
    body,
  });
  const took = context.clock.monotonic() - sentAt;
  if (!answer.ok)
    throw CliError.SERVER_ANSWER({
      url: address,
      status: answer.status,
      body: (await answer.text()).slice(0, 200),
    });
  say.done(
    `${answer.status} ${(await answer.text()).slice(0, 40)} after ${took.toFixed(1)} ms: the event ${id} is stored`,
  );
  return id;
}

/** Longest that the demo waits for the sensor and its trigger, and how often it looks, ms. */
const decisionMs = 30_000;
const lookMs = 50;

/** Shows what happens to the event as it happens, until its trigger is done; resolves with the workflow's name. */
async function decided(context: CliContext, id: string, say: Sayer): Promise<string> {
  const path = `/api/v1/sluice/events/${context.namespace}/${id}`;
  const giveUpAt = context.clock.monotonic() + decisionMs;
  for (let said = 0; context.clock.monotonic() < giveUpAt && !context.signal.aborted; ) {
    const { trail, receivedAt } = await context.client.request<EventWithTrail>("GET", path);
    const lines = renderTrail(trail.slice(said), Date.parse(receivedAt), context.palette);
    if (trail.length > said) for (const line of lines) say.plain(line.slice(2));
    said = trail.length;
    const last = trail.find(
      (record) => record.type === "trigger" && ["done", "dead"].includes(record.outcome),
    );
    if (last?.type === "trigger" && last.result !== undefined) return last.result.split("/").at(-1) ?? "";
    await sleepFor(context.clock, lookMs, context.signal);
  }
  throw CliError.NOTHING_FOUND({ wanted: "workflow", where: `the trail of event ${id}` });
}

function sayEnd(workflow: WorkflowObject, say: Sayer): void {
  say.plain("");
  say.done(`${phaseOf(workflow)} in ${durationOf(workflow.status ?? {}, 0) ?? ""}`);
  for (const { name, value } of outputsOf(workflow))
    say.done(`output ${name} = ${oneLine(value ?? "", 200)}`);
}

async function sayStored(running: RunningSluice, say: Sayer): Promise<void> {
  const what: readonly (readonly [StreamName, string])[] = [
    ["EVENTS", "the event, with where it came in"],
    ["TRAIL", "verdicts and outcomes"],
    ["RUNS", "journals of runs; a finished one moves to the archive a few seconds later"],
    ["LOGS", "what the steps printed"],
    ["DEAD", "what gave up"],
  ];
  for (const [stream, meaning] of what) {
    const { messages, bytes } = await running.bus.transport.info(stream);
    say.plain(
      `${stream.padEnd(8)}${String(messages).padStart(4)} messages ${`${(bytes / 1_000).toFixed(1)} kB`.padStart(9)}   ${say.palette.dim(meaning)}`,
    );
  }
}
