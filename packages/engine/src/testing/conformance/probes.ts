import { expect } from "vitest";
import type { StepRequest } from "../../executor/request.ts";
import { it, type OpenBench, run } from "./open-bench.ts";

/** A step that is alive for as long as it holds a file, as its probes see it. `$alive` names the file. */
function probedStep(bench: OpenBench, source: string, probes: Readonly<Record<string, object>>): StepRequest {
  const plain = bench.step("");
  const file = `"\${TMPDIR:-/tmp}/alive-${plain.id}"`;
  const exec = { command: ["sh", "-c", `test -e ${file}`] };
  const asked = Object.entries(probes).map(
    ([name, probe]) => [name, { exec, periodSeconds: 1, timeoutSeconds: 10, ...probe }] as const,
  );
  const script = {
    ...{ image: bench.image(), command: ["sh"], source: `alive=${file}; ${source}` },
    ...Object.fromEntries(asked),
  };
  return { ...plain, graceMs: 300, work: { kind: "script", script } };
}

/** Probes end a step, or let it begin. */
export function watchedByProbes(bench: OpenBench): void {
  it("is ended when its liveness probe has failed so often in a row, and did not end well", async () => {
    const step = probedStep(bench, 'touch "$alive"; sleep 2; rm "$alive"; echo ill; sleep 600', {
      livenessProbe: { failureThreshold: 2, initialDelaySeconds: 1 },
    });
    const end = await run(bench, step);
    expect(end).toMatchObject({ type: "finished" });
    expect(end).not.toMatchObject({ exitCode: 0 });
    expect(bench.reader().lines(step.id)).toContain("ill");
  });

  it("is not asked whether it lives before its startup probe succeeds", async () => {
    const step = probedStep(bench, 'sleep 3; touch "$alive"; sleep 2; exit 0', {
      livenessProbe: { failureThreshold: 1 },
      startupProbe: { failureThreshold: 60 },
    });
    expect(await run(bench, step)).toMatchObject({ type: "finished", exitCode: 0 });
  });
}
