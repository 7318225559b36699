import { describe, expect, test } from "vitest";
import { aCron, at, CronBench } from "./testing/a-cron.ts";

describe("an instant that is due", () => {
  test("is run once, named after it, and a second look changes nothing", () => {
    const cron = new CronBench(aCron({ schedules: ["* * * * *"] }));
    cron.tick("10:01:00");

    expect(cron.asked()).toEqual(["wf-1767261660"]);
    const { state } = cron;
    cron.tick("10:01:05");
    expect(cron.state).toBe(state);
    expect(state).toMatchObject({ lastScheduled: at("10:01:00"), decided: at("10:01:00") });
  });

  test("of two schedules is one run", () => {
    const cron = new CronBench(aCron({ schedules: ["*/2 * * * *", "*/3 * * * *"] }));
    for (let minute = 1; minute <= 6; minute++) cron.tick(`10:0${minute}:00`);

    expect(cron.state.active.map((run) => (run.at - at("10:00:00")) / 60_000)).toEqual([2, 3, 4, 6]);
  });

  test("in the old single field is run too", () => {
    const cron = new CronBench(aCron({ schedules: undefined, schedule: "* * * * *" }));
    cron.tick("10:01:00");
    expect(cron.state.active).toHaveLength(1);
  });

  test("follows the time zone", () => {
    const cron = new CronBench(aCron({ schedules: ["0 12 * * *"], timezone: "Europe/Berlin" }));
    cron.tick("11:00:00");
    expect(cron.state.lastScheduled).toBe(at("11:00:00"));
  });

  test("of another cron workflow that had its name is another run", () => {
    const first = new CronBench(aCron());
    first.tick("10:01:00");
    const second = new CronBench(aCron(), { appliedAt: at("10:00:30"), revision: 9 });
    second.tick("10:01:00");
    expect(second.state.active[0]?.uid).not.toBe(first.state.active[0]?.uid);
  });
});

describe("while a run is under way", () => {
  test("Allow starts another one beside it", () => {
    const cron = new CronBench(aCron({ concurrencyPolicy: "Allow" }));
    cron.tick("10:01:00").tick("10:02:00");
    expect(cron.state.active).toHaveLength(2);
  });

  test("Forbid passes the instant over, and takes the next one after the run has ended", () => {
    const cron = new CronBench(aCron({ concurrencyPolicy: "Forbid" }));
    cron.tick("10:01:00").submitted().tick("10:02:00");
    expect(cron.state).toMatchObject({ skipped: 1, lastScheduled: at("10:01:00") });

    cron.end("Succeeded").tick("10:03:00");
    expect(cron.state).toMatchObject({ lastScheduled: at("10:03:00"), succeeded: 1 });
    expect(cron.state.active).toHaveLength(1);
  });

  test("Replace asks for the end of every other one first", () => {
    const cron = new CronBench(aCron({ concurrencyPolicy: "Replace" }));
    cron.tick("10:01:00").submitted().tick("10:02:00");
    expect(cron.state.active.at(-1)?.replaces).toEqual(["wf-1767261660"]);
    // Until it has ended it is under way.
    expect(cron.state.active).toHaveLength(2);
  });
});

describe("instants that nobody looked at in time", () => {
  test("without startingDeadlineSeconds none is run", () => {
    const cron = new CronBench(aCron());
    cron.tick("10:30:45");
    expect(cron.state).toMatchObject({ active: [], decided: at("10:30:00") });
    expect(cron.state.missed).toBeGreaterThan(0);
  });

  test("a short absence is none: the latest one is run", () => {
    const cron = new CronBench(aCron());
    cron.tick("10:30:20");
    expect(cron.state.active.map((run) => run.at)).toEqual([at("10:30:00")]);
  });

  test("within startingDeadlineSeconds the latest one is run, and only that", () => {
    const cron = new CronBench(aCron({ schedules: ["*/10 * * * *"], startingDeadlineSeconds: 300 }));
    cron.tick("10:34:00");
    expect(cron.state.active.map((run) => run.at)).toEqual([at("10:30:00")]);

    const late = new CronBench(aCron({ schedules: ["*/10 * * * *"], startingDeadlineSeconds: 200 }));
    late.tick("10:34:00");
    expect(late.state.active).toEqual([]);
  });

  test("'latest' runs the latest one however late", () => {
    const cron = new CronBench(aCron({ schedules: ["0 * * * *"] }, { "sluice.dev/missed-runs": "latest" }));
    cron.tick("23:59:59");
    expect(cron.state.active.map((run) => run.at)).toEqual([at("23:00:00")]);
  });

  test("'none' runs none, whatever the deadline", () => {
    const cron = new CronBench(
      aCron({ startingDeadlineSeconds: 3_600 }, { "sluice.dev/missed-runs": "none" }),
    );
    cron.tick("10:30:45");
    expect(cron.state.active).toEqual([]);
  });

  test("'all' runs each one, up to its limit, the newest", () => {
    const all = { "sluice.dev/missed-runs": "all", "sluice.dev/missed-runs-limit": "3" };
    const cron = new CronBench(aCron({}, all));
    cron.tick("10:30:45");
    expect(cron.state.active.map((run) => run.at)).toEqual([at("10:28:00"), at("10:29:00"), at("10:30:00")]);
  });

  test("'all' with Forbid runs one after another, and loses none", () => {
    const cron = new CronBench(aCron({ concurrencyPolicy: "Forbid" }, { "sluice.dev/missed-runs": "all" }));
    cron.tick("10:03:40");
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      seen.push(...cron.state.active.map((run) => run.at));
      cron.submitted().end("Succeeded").tick("10:03:50");
    }
    expect(seen).toEqual([at("10:01:00"), at("10:02:00"), at("10:03:00")]);
    expect(cron.state).toMatchObject({ active: [], succeeded: 3, skipped: 0 });
  });

  test("an absence of ten years is looked through without delay", () => {
    const cron = new CronBench(aCron({ schedules: ["* * * * *"] }));
    cron.tickAt(at("10:00:00") + 10 * 365 * 86_400_000);
    expect(cron.state.active).toHaveLength(1);
  });
});

describe("a change of the definition", () => {
  test("of the schedule fires no instant before it", () => {
    const cron = new CronBench(aCron({ schedules: ["0 0 1 1 *"] }));
    cron.change(aCron({ schedules: ["*/5 * * * *"], startingDeadlineSeconds: 3_600 }), "10:31:00");
    cron.tick("10:31:10");
    expect(cron.state.active).toEqual([]);
    cron.tick("10:35:00");
    expect(cron.state.lastScheduled).toBe(at("10:35:00"));
  });

  test("of anything else keeps its place", () => {
    const cron = new CronBench(aCron({ schedules: ["*/5 * * * *"] }));
    cron.change(aCron({ schedules: ["*/5 * * * *"], concurrencyPolicy: "Forbid" }), "10:05:02");
    cron.tick("10:05:03");
    expect(cron.state.lastScheduled).toBe(at("10:05:00"));
  });

  test("suspends it, and what it slept through stays so", () => {
    const cron = new CronBench(aCron());
    cron.change(aCron({ suspend: true }), "10:00:30").tick("10:05:00");
    expect(cron.state.active).toEqual([]);
    cron.change(aCron({ suspend: false, startingDeadlineSeconds: 3_600 }), "10:10:10").tick("10:10:20");
    expect(cron.state.active).toEqual([]);
    cron.tick("10:11:00");
    expect(cron.state.lastScheduled).toBe(at("10:11:00"));
  });
});

describe("`when`", () => {
  test("sees the last scheduled time, nil before the first", () => {
    const when =
      "{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 90 }}";
    const cron = new CronBench(aCron({ when }));
    cron.tick("10:01:00").tick("10:02:00").tick("10:03:00");
    expect(cron.state.active.map((run) => run.at)).toEqual([at("10:01:00"), at("10:03:00")]);
    expect(cron.state.skipped).toBe(1);
  });

  test("sees annotations and labels as themselves", () => {
    const when = "cronworkflow.annotations['team'] == 'a' && cronworkflow.labels['team'] == 'l'";
    const cron = new CronBench(aCron({ when }, { team: "a" }, { team: "l" }));
    cron.tick("10:01:00");
    expect(cron.state.active).toHaveLength(1);
  });

  test("that cannot be evaluated passes the instant over and says why", () => {
    const cron = new CronBench(aCron({ when: "cronworkflow.name + 1 > 2" }));
    cron.tick("10:01:00");
    expect(cron.state).toMatchObject({ active: [], skipped: 1, problem: { type: "SpecError" } });
  });
});

describe("stopStrategy", () => {
  test("stops it when the expression holds after an end, and a resumed one counts anew", () => {
    const cron = new CronBench(aCron({ stopStrategy: { expression: "cronworkflow.failed >= 2" } }));
    cron.tick("10:01:00").submitted().end("Failed");
    expect(cron.state.phase).toBe("Active");
    cron.tick("10:02:00").submitted().end("Error");
    expect(cron.state).toMatchObject({ phase: "Stopped", failed: 2 });
    cron.tick("10:03:00");
    expect(cron.state.active).toEqual([]);

    cron.send({ type: "restarted", at: at("10:03:30") }).tick("10:04:00");
    expect(cron.state).toMatchObject({ phase: "Active", failed: 0, lastScheduled: at("10:04:00") });
  });

  test("a refused submission counts as a failure and is shown", () => {
    const cron = new CronBench(aCron({ stopStrategy: { expression: "cronworkflow.failed >= 1" } }));
    cron.tick("10:01:00");
    const uid = cron.state.active[0]?.uid ?? "";
    cron.send({ type: "refused", uid, at: at("10:01:01"), message: "no such template" });
    expect(cron.state).toMatchObject({
      phase: "Stopped",
      failed: 1,
      active: [],
      problem: { type: "SubmissionError", message: "no such template" },
    });
  });
});

describe("history limits", () => {
  test("3 succeeded and 1 failed are kept by default, the oldest go first", () => {
    const cron = new CronBench(aCron());
    const phases = ["Succeeded", "Failed", "Succeeded", "Succeeded", "Failed", "Succeeded"] as const;
    for (const [i, phase] of phases.entries())
      cron
        .tick(`10:0${i + 1}:00`)
        .submitted()
        .end(phase);
    expect(cron.surplus()).toEqual([at("10:01:00"), at("10:02:00")]);
  });

  test("0 keeps none", () => {
    const cron = new CronBench(aCron({ successfulJobsHistoryLimit: 0 }));
    cron.tick("10:01:00").submitted().end("Succeeded");
    expect(cron.surplus()).toEqual([at("10:01:00")]);
  });
});
