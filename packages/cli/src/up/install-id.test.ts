import { SeededRandom } from "@sluice/base";
import { makeMemoryTransport } from "@sluice/bus";
import { expect, test } from "vitest";
import { installIdOf } from "./install-id.ts";

test("a restart on the same bus has the id of the first start", async () => {
  await using bus = makeMemoryTransport();
  const bucket = bus.keyValue("leases");
  const first = await installIdOf(bucket, "sluice", new SeededRandom(1));
  expect(await installIdOf(bucket, "sluice", new SeededRandom(2))).toBe(first);
});

test("two that start at once agree on one id", async () => {
  await using bus = makeMemoryTransport();
  const bucket = bus.keyValue("leases");
  const ids = await Promise.all([1, 2].map((seed) => installIdOf(bucket, "sluice", new SeededRandom(seed))));
  expect(ids[0]).toBe(ids[1]);
});

test("two with data of their own differ, whatever their prefix, in a label that Kubernetes takes", async () => {
  await using one = makeMemoryTransport();
  await using other = makeMemoryTransport();
  const prefix = "p".repeat(100);
  const first = await installIdOf(one.keyValue("leases"), prefix, new SeededRandom(1));
  const second = await installIdOf(other.keyValue("leases"), prefix, new SeededRandom(2));
  expect(first).not.toBe(second);
  expect(first).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])$/);
});
