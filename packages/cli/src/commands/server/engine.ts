// `sluice engine`: an engine and its executor alone, until it is told to stop.
import { anyAborted, noFailpoints, Scope } from "@sluice/base";
import { armFailpoints } from "@sluice/base/system";
import { readConfig } from "../../config/load.ts";
import type { CliContext } from "../../context.ts";
import { startEngineAlone } from "../../up/engine/start-engine.ts";
import { loggerOf } from "./up.ts";

export async function engine(
  context: CliContext,
  _: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { config } = await readConfig(context, options);
  const startedAt = context.clock.monotonic();
  const log = await loggerOf(context, config);
  await using scope = new Scope();
  const { SLUICE_FAILPOINT: armed } = context.env;
  const { clock, random, env } = context;
  const failpoints = armed === undefined || armed === "" ? noFailpoints : armFailpoints(armed);
  const running = await startEngineAlone({ config, env, clock, random, log, failpoints, scope });
  const tookMs = Math.round(clock.monotonic() - startedAt);
  const { kind } = running.executor.executor;
  if (context.json) context.out(JSON.stringify({ ready: true, executor: kind, tookMs }));
  else {
    const { palette } = context;
    context.out(
      `${palette.good("●")} ${palette.bold("The engine is ready")} after ${tookMs} ms\n` +
        `  bus        ${config.nats ?? ""}\n  state      ${running.dataDir}\n  steps      ${kind}\n  stop       Ctrl-C`,
    );
  }
  const reason = await anyAborted(context.signal, scope.signal);
  if (!context.signal.aborted) throw reason;
  log.info("stopping");
}
