import type { TrailRecord } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { paletteOf } from "./colour.ts";
import { type EventWithTrail, renderEvent } from "./event.ts";

const hostile = "x\u001b[2J\u009b1A\u202e\r\nsensor runner fired";
const base = { v: 1, at: 1_000, namespace: "default", event: { source: "hooks", event: "push", id: "e" } };
const record = (more: object): TrailRecord => ({ ...base, ...more }) as unknown as TrailRecord;

const shown = (trail: readonly TrailRecord[], more: Partial<EventWithTrail["event"]> = {}): string =>
  renderEvent(
    {
      seq: 1,
      origin: { namespace: "default", source: "hooks", event: "push" },
      receivedAt: "1970-01-01T00:00:00.990Z",
      event: { id: "e", type: "webhook", source: "hooks", data: { a: 1 }, ...more },
      trail,
    },
    paletteOf(false),
  );

const check = {
  filter: "data",
  subject: "body.kind",
  left: "bad",
  operator: "=",
  right: "good",
  passed: false,
};

describe("an event as lines", () => {
  test("nothing that a sender or a service wrote reaches the terminal raw, or makes a line of its own", () => {
    const trail = [
      record({
        type: "verdict",
        sensor: "runner",
        dependency: "push",
        passed: false,
        error: hostile,
        checks: [{ ...check, subject: hostile, left: hostile, right: hostile, error: hostile }],
      }),
      record({
        type: "condition",
        sensor: "runner",
        trigger: "run",
        expression: "push",
        filled: ["push"],
        fired: true,
        replaced: [{ id: hostile }],
      }),
      record({
        type: "trigger",
        trigger: "run",
        outcome: "dead",
        attempt: 2,
        message: hostile,
        code: "X",
        result: hostile,
      }),
    ];
    const text = shown(trail, { id: hostile, type: hostile, data: { [hostile]: hostile } });

    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text.split("\n").filter((line) => /^\s*sensor runner fired/.test(line))).toEqual([]);
  });

  test("a verdict shows left, operator and right of each check", () => {
    const text = shown([
      record({ type: "verdict", sensor: "runner", dependency: "push", passed: false, checks: [check] }),
    ]);

    expect(text).toContain("○ sensor runner, dependency push: rejected  +10ms");
    expect(text).toContain('✖ data body.kind: "bad" = "good"');
  });

  test("what a WorkflowEventBinding did with it is told of the binding", () => {
    const selector = { filter: "expr", subject: "discriminator == 'x'", operator: "selector", passed: true };
    const text = shown([
      record({ type: "verdict", sensor: "on-push", dependency: "x", passed: true, checks: [selector] }),
      record({
        type: "trigger",
        sensor: "on-push",
        trigger: "WorkflowEventBinding",
        outcome: "done",
        attempt: 1,
      }),
    ]);

    expect(text).toContain("✔ binding on-push: passed  +10ms");
    expect(text).toContain("✔ selector discriminator == 'x'\n");
    expect(text).toContain("✔ binding on-push done  +10ms");
  });

  test("an event that no sensor waits for says so", () => {
    expect(shown([])).toContain("nothing yet: no sensor depends on it");
  });

  test("long data is cut and says how to see it whole", () => {
    const text = shown([], { data: "a".repeat(10_000) });

    expect(text.length).toBeLessThan(6_000);
    expect(text).toContain("--json prints all");
  });
});
