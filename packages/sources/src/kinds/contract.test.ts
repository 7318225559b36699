// What every kind keeps, walked over the registry.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isAppError } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { hasErrors, lintManifests, loadManifests } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { planEvents } from "../runner/plan.ts";
import { sourceSchemas } from "../schemas.ts";
import { aSourceContext, MemoryIngress } from "../testing/index.ts";
import { sourceRegistry } from "./registry.gen.ts";

const here = dirname(fileURLToPath(import.meta.url));
const folders = readdirSync(here, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

test("the registry has every folder", () => {
  expect([...sourceRegistry.keys()], "run pnpm gen").toEqual(folders.sort());
});

describe.each([...sourceRegistry])("%s", (folder, definition) => {
  const example = () => {
    const text = readFileSync(join(here, folder, "example.yaml"), "utf8");
    const loaded = loadManifests(text, { file: "example.yaml" });
    const issues = [
      ...loaded.issues,
      ...lintManifests(loaded.manifests, { kinds: { source: sourceSchemas, trigger: {} } }),
    ];
    expect(issues.filter((i) => hasErrors([i]))).toEqual([]);
    const [first] = loaded.manifests;
    if (first?.manifest.kind !== "EventSource") throw new Error("example.yaml has no EventSource");
    const events = planEvents(first.manifest, "example", sourceRegistry);
    const [event] = events;
    if (event?.plan !== "run") throw new Error(`example.yaml does not run: ${JSON.stringify(event)}`);
    const config = Object.values(first.manifest.spec[definition.kind] ?? {})[0] as object;
    return { spec: event.spec, config };
  };

  test("is named as its folder and has a README", () => {
    expect(definition.kind).toBe(folder);
    expect(existsSync(join(here, folder, "README.md"))).toBe(true);
  });

  test("refuses a field that it does not know", () => {
    const parsed = definition.spec.safeParse({ ...example().config, surprise: 1 });
    expect(parsed.success).toBe(false);
  });

  test("ends when its signal aborts, and leaves nothing mounted and no timer", async () => {
    const clock = new VirtualClock();
    const ingress = new MemoryIngress();
    const stop = new AbortController();
    const live = Promise.withResolvers<void>();
    const { spec } = example();
    const done = definition.run(
      aSourceContext({ spec, signal: stop.signal, clock, ingress, ready: live.resolve }),
    );
    await live.promise;

    stop.abort();
    await done;

    expect(ingress.routes).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  test("throws only what has a code", async () => {
    const ingress = new MemoryIngress();
    const stop = new AbortController();
    const { spec } = example();
    const secret = { name: "absent", key: "token" };
    const run = definition.run(
      aSourceContext({ spec: { ...(spec as object), authSecret: secret }, signal: stop.signal, ingress }),
    );
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isAppError(error)).toBe(true);
  });
});
