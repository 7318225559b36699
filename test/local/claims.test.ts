// Folders of a run's own claims until the deletion of the run.
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { aWorkflow, EngineBench, shTemplate } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const key = { namespace: "default", name: "wf" };
const manifest = aWorkflow({
  templates: [
    shTemplate("main", {
      container: {
        image: "none",
        command: ["sh", "-c", "echo kept >/work/f; exit 1"],
        volumeMounts: [{ name: "work", mountPath: "/work" }],
      },
    }),
  ],
  volumeClaimTemplates: [{ metadata: { name: "work" }, spec: { accessModes: ["ReadWriteOnce"] } }],
});

for (const isolation of ["namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } = candidateFor(candidates, isolation);
  describe.skipIf(!ok)(`claims with isolation ${isolation}${ok ? "" : ` (skipped: ${reason})`}`, () => {
    test("of a failed run stay until it is deleted after it was archived", async () => {
      await using local = await makeLocalBench(isolation);
      await using executor = await local.open();
      await using bench = new EngineBench();
      const engine = bench.start(executor);
      await engine.directory.submit(manifest, { namespace: "default", by: { kind: "api", user: "ann" } });
      const { metadata } = await bench.ended(engine, key);
      await bench.putAway(engine);
      const runsDir = join(local.stateDir, "claims", "runs");
      const file = join(runsDir, metadata.uid, "wf-work", "f");

      await engine.directory.delete(key, { by: "ann" });
      expect(readFileSync(file, "utf8")).toBe("kept\n");
      const gone = new Promise<void>((resolve) => {
        const watcher = watch(runsDir, () => {
          if (existsSync(file)) return;
          watcher.close();
          resolve();
        });
      });
      const stop = new AbortController();
      const retention = bench.retention(engine, [executor], stop.signal);
      await gone;
      stop.abort();
      await retention;

      expect(readdirSync(runsDir)).toEqual([]);
    });
  });
}
