import fc from "fast-check";
import { expect, test } from "vitest";
import { addressesFor } from "./own-network.ts";

test("two ends of one pair are neighbours in 198.18.0.0/15, and none that is in use", () => {
  fc.assert(
    fc.property(fc.string(), (stepId) => {
      const { host, own } = addressesFor(stepId, new Set());
      const [a = [], b = []] = [host, own].map((address) => address.split(".").map(Number));
      expect([18, 19]).toContain(a[1]);
      expect(a[3]).toBeGreaterThan(0);
      expect(b[3]).toBeLessThan(255);
      expect([...a.slice(0, 3), (a[3] ?? 0) + 1]).toEqual(b);
      expect((a[3] ?? 0) % 2).toBe(0);
      expect(addressesFor(stepId, new Set([host])).host).not.toBe(host);
      expect(addressesFor(stepId, new Set())).toEqual({ host, own });
    }),
  );
});
