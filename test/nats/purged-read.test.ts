import { silentLogger, sleepFor } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { openStores, type Transport } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import { expect, test } from "vitest";

const journalOn = (bus: Transport) =>
  openStores(bus, { clock: systemClock, log: silentLogger }).journal<string>();

// Before followers asked what is left, every third of these reads waited 5 s for the server's next heartbeat.
test("a read of what is purged at that moment ends at once, with all of it, its beginning or nothing", async () => {
  await using server = await startTestServer();
  await using reading = await server.connect();
  await using purging = await server.connect();
  const [reader, purger] = [journalOn(reading), journalOn(purging)];

  for (let round = 0; round < 40; round++) {
    const key = { namespace: "ns", name: `run-${round}` };
    let seq = 0;
    for (const fact of ["a", "b", "c"]) seq = await purger.append(key, [fact], seq);
    const startedAt = systemClock.monotonic();

    const [read] = await Promise.all([
      Array.fromAsync(reader.read(key)),
      sleepFor(systemClock, round % 4).then(() => purger.purge(key)),
    ]);

    expect(systemClock.monotonic() - startedAt).toBeLessThan(2_500);
    expect(["a", "b", "c"].slice(0, read.length)).toEqual(read.flatMap(({ facts }) => facts));
  }
});
