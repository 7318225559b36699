// A process that owns a local executor and starts one step: the crash tests kill it.
// Arguments: state folder, isolation, the step as JSON. Prints "started" once the step is surely known, then its output,
// and "ended" after it.
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { type IsolationChoice, makeLocalExecutor } from "@sluice/executor";

const [stateDir = "", isolation = "", step = ""] = process.argv.slice(2);
const executor = await makeLocalExecutor({
  stateDir,
  isolation: isolation as IsolationChoice,
  references: { secret: async () => undefined, configMap: async () => undefined },
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
});
await executor.start(JSON.parse(step));
process.stdout.write("started\n");
for await (const event of executor.events(new AbortController().signal)) {
  if (event.type === "output") for (const line of event.lines) process.stdout.write(`${line.text}\n`);
  else if (event.type === "finished") process.stdout.write("ended\n");
}
