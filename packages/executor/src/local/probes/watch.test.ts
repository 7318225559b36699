import { VirtualClock } from "@sluice/base/testing";
import type { Container } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { type ProbeName, probeOf } from "./probe.ts";
import { type ContainerProbes, type ProbeGround, watchProbes } from "./watch.ts";

const exec = { command: ["look"] };
const probeWith = (name: ProbeName, more: object = {}) =>
  probeOf({ image: "i", [name]: { exec, ...more } } as Container, name);

describe("how often a probe is asked, where that is not written", () => {
  test("is as the kubelet does for what goes on, and every second for what others wait for", () => {
    expect(probeWith("livenessProbe")).toMatchObject({ periodMs: 10_000, failureThreshold: 3 });
    expect(probeWith("readinessProbe")).toMatchObject({ periodMs: 1_000, successThreshold: 1 });
  });

  test("leaves a startup probe as long as Kubernetes would wait", () => {
    expect(probeWith("startupProbe", { failureThreshold: 30 })).toMatchObject({
      periodMs: 1_000,
      failureThreshold: 300,
    });
    expect(probeWith("startupProbe", { failureThreshold: 30, periodSeconds: 2 })).toMatchObject({
      periodMs: 2_000,
      failureThreshold: 30,
    });
  });
});

describe("a container with probes", () => {
  /** Asked once a second in virtual time; `answers` are those of the tries, in order, and the last one from then on. */
  async function watched(probes: Partial<ContainerProbes>, answers: readonly (number | undefined)[]) {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    let tries = 0;
    let readyAt: number | undefined;
    const ground: ProbeGround = {
      ...{ clock, address: undefined, processes: () => [], say: () => {} },
      exec: async () => answers[Math.min(tries++, answers.length - 1)],
    };
    const container = { container: "main", startup: undefined, readiness: undefined, liveness: undefined };
    const ready = () => {
      readyAt = clock.now();
    };
    const ended = watchProbes(
      { probes: [{ ...container, ...probes }], startedAt: 0, ground, ready },
      stop.signal,
    );
    await clock.advanceTo(60_000);
    stop.abort();
    const failure = await ended;
    expect(clock.sleeping).toBe(0);
    return { failure: failure?.probe.name, tries, readyAt };
  }
  const period = { periodSeconds: 1 };
  const liveness = probeWith("livenessProbe", { ...period, failureThreshold: 3 });

  test("has failed after so many bad tries in a row, and is asked no more", async () => {
    expect(await watched({ liveness }, [0, 1, 1, 0, 1, 1, 1])).toMatchObject({
      failure: "livenessProbe",
      tries: 7,
    });
  });

  test("has not failed for tries that could not be made", async () => {
    expect(await watched({ liveness }, [1, 1, undefined])).toMatchObject({ failure: undefined });
    expect(await watched({ liveness }, [1, undefined, 1, undefined, 1])).toMatchObject({ tries: 5 });
  });

  test("is ready and asked whether it lives only after it has started", async () => {
    const startup = probeWith("startupProbe", { ...period, failureThreshold: 10 });
    const readiness = probeWith("readinessProbe", period);
    const { readyAt, failure } = await watched({ startup, readiness, liveness }, [1, 1, 1, 1, 0]);
    expect({ readyAt, failure }).toEqual({ readyAt: 4_000, failure: undefined });
  });

  test("is ready once and for all when all of its probes that others wait for succeed", async () => {
    expect(await watched({}, [1])).toMatchObject({ readyAt: 0, tries: 0 });
    const readiness = probeWith("readinessProbe", { ...period, successThreshold: 2 });
    expect(await watched({ readiness }, [0, 1, 0, 0])).toMatchObject({ readyAt: 3_000, tries: 4 });
  });
});
