import { SeededRandom } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport } from "@sluice/bus";
import { lockSuite } from "../testing/lock-suite.ts";

lockSuite("memory", async () => {
  const clock = new VirtualClock(1_700_000_000_000);
  const transport = makeMemoryTransport({ clock });
  return {
    transport,
    clock,
    random: new SeededRandom(1),
    log: new RecordingLogger(),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
});
