import { executorConformance } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();

executorConformance("local with plain processes", () => makeLocalBench("process"));

for (const isolation of ["namespaces", "namespaces-unprivileged", "podman", "docker"] as const) {
  const { ok, reason, image } = candidateFor(candidates, isolation);
  if (ok) executorConformance(`local with ${isolation}`, () => makeLocalBench(isolation, image));
  else
    describe.skip(`local with ${isolation} (${reason})`, () => test("keeps the executor contract", () => {}));
}

test("every kind of isolation was tried, and says what came of it", () => {
  const names = candidates.map(({ isolation }) => isolation);
  expect(names).toEqual(["podman", "docker", "namespaces", "namespaces-unprivileged", "process"]);
  for (const { reason } of candidates) expect(reason).not.toBe("");
});
