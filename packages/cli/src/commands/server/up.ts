// `sluice up`: everything in one process, until it is told to stop.
import { anyAborted, type Logger, noFailpoints, Scope } from "@sluice/base";
import { armFailpoints } from "@sluice/base/system";
import { ApiClient } from "../../client/api-client.ts";
import type { Config } from "../../config/config.ts";
import { readConfig, readSecret } from "../../config/load.ts";
import type { CliContext } from "../../context.ts";
import { makeJsonLogger, makeTextLogger } from "../../up/log/logger.ts";
import { type RunningSluice, startSluice } from "../../up/start.ts";
import { watchFiles } from "../../up/watch-files.ts";
import { applyTexts } from "../manifests/apply.ts";
import { readManifestFiles } from "../manifests/manifest-files.ts";

export async function up(
  context: CliContext,
  files: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { config } = await readConfig(context, options);
  const startedAt = context.clock.monotonic();
  const log = await loggerOf(context, config);
  // Wrong files are found before anything is started.
  const texts = files.length === 0 ? [] : await readManifestFiles(files);
  await using scope = new Scope();
  const { SLUICE_FAILPOINT: armed } = context.env;
  const running = await startSluice({
    config,
    env: context.env,
    clock: context.clock,
    random: context.random,
    log,
    failpoints: armed === undefined || armed === "" ? noFailpoints : armFailpoints(armed),
    scope,
  });
  const token = await readSecret(config.apiToken);
  const own: CliContext = {
    ...context,
    client: new ApiClient({ url: running.url, ...(token === undefined ? {} : { token }) }),
  };
  if (texts.length > 0) {
    await applyTexts(own, texts);
    await sourcesSettled(running, scope.signal);
    scope.spawn("files", (signal) =>
      watchFiles(files, context.clock, () => applyAgain(own, files, log), signal),
    );
  }
  await announce(own, running, Math.round(context.clock.monotonic() - startedAt));
  const reason = await anyAborted(context.signal, scope.signal);
  if (!context.signal.aborted) throw reason;
  log.info("stopping");
}

/** A file that is wrong while it is being edited changes nothing: what was applied before stays. */
async function applyAgain(context: CliContext, files: readonly string[], log: Logger): Promise<void> {
  try {
    for (const { kind, name, outcome } of await applyTexts(context, await readManifestFiles(files)))
      if (outcome !== "unchanged") log.info("manifest file changed", { kind, name, outcome });
  } catch (error) {
    log.warn("manifest files not applied", {
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

/** Sources that were just applied listen before anyone is told that all is ready. */
async function sourcesSettled(running: RunningSluice, signal: AbortSignal): Promise<void> {
  const applied = await running.stores.resources.list("EventSource");
  await running.sources.until(
    (board) =>
      board.ready && applied.every((resource) => board.get(resource.namespace, resource.name) !== undefined),
    signal,
  );
}

export async function loggerOf(context: CliContext, config: Config): Promise<Logger> {
  if (config.logFormat === "json") return makeJsonLogger(config.logLevel);
  return makeTextLogger({
    level: config.logLevel,
    palette: context.palette,
    clock: context.clock,
    write: context.note,
  });
}

async function announce(context: CliContext, running: RunningSluice, tookMs: number): Promise<void> {
  if (context.json) {
    context.out(JSON.stringify({ ready: true, url: running.url, tookMs }));
    return;
  }
  const { palette } = context;
  const steps = await running.executor.executor.describe();
  const lines = [
    `${palette.good("●")} ${palette.bold("Sluice is ready")} after ${tookMs} ms`,
    `  API        ${running.url}`,
    `  state      ${running.dataDir}`,
    `  steps      ${running.executor.executor.kind}, ${steps.isolation}   ${palette.dim("(why: sluice doctor)")}`,
    ...steps.warnings.map((warning) => `             ${palette.warn(`! ${warning}`)}`),
    ...running.sources
      .list()
      .flatMap((source) =>
        source.events.map((event) => `  source     ${source.name}/${event.event}  ${event.state.kind}`),
      ),
    ...curlLines(await running.stores.resources.list("EventSource")),
    `  stop       Ctrl-C`,
  ];
  context.out(lines.join("\n"));
}

/** A line to try for each webhook. */
function curlLines(sources: readonly { readonly manifest: unknown }[]): string[] {
  return sources.flatMap(({ manifest }) => {
    const { spec } = manifest as {
      readonly spec?: {
        readonly webhook?: Record<string, { port?: string; endpoint?: string; method?: string }>;
      };
    };
    return Object.values(spec?.webhook ?? {}).map(
      ({ port, endpoint, method }) =>
        `  try        curl -X ${method ?? "POST"} http://127.0.0.1:${port}${endpoint} -H 'content-type: application/json' -d '{"title":"my first task","priority":2}'`,
    );
  });
}
