// A process that runs sensors and triggers on a given nats-server, for tests that kill it.
//   node --conditions=@sluice/source firing-process.ts PORT USER PASSWORD [FAILPOINT]
import { noFailpoints, Scope, silentLogger } from "@sluice/base";
import { armFailpoints, systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream, openStores } from "@sluice/bus";
import { runSensors } from "@sluice/sensors";
import { runTriggers, triggerRegistry } from "@sluice/triggers";

const [port = "", user = "", pass = "", failpoint] = process.argv.slice(2);
const shared = { clock: systemClock, random: systemRandom, log: silentLogger };
await using scope = new Scope();
const transport = scope.use(
  await connectJetStream({
    ...shared,
    sync: "2m",
    servers: `nats://127.0.0.1:${port}`,
    auth: { user, pass },
  }),
);
const stores = openStores(transport, shared);
const failpoints = failpoint === undefined ? noFailpoints : armFailpoints(failpoint);
const none = { secret: async () => undefined, configMap: async () => undefined };
scope.spawn("sensors", (signal) =>
  runSensors({ ...shared, ...stores, state: stores.state("sensor-state"), failpoints }, signal),
);
scope.spawn("triggers", (signal) =>
  runTriggers(
    { ...shared, ...stores, queue: stores.triggers, references: none, failpoints, kinds: triggerRegistry },
    signal,
  ),
);
process.stdout.write("ready\n");
await new Promise<void>((resolve) => {
  scope.signal.addEventListener("abort", () => resolve());
  process.once("SIGTERM", () => resolve());
});
