import { defineTrigger } from "../../define.ts";
import { Manifest, Spec } from "./spec.ts";

/** Logs the events of a firing, at most one line a trigger within `intervalSeconds`; the firings in between are counted in the next line. */
export default defineTrigger<Spec>({
  kind: "log",
  spec: Spec,
  manifest: Manifest,

  async execute({ spec, request, clock, log, memory }) {
    const last = memory.get("lastAt") ?? Number.NEGATIVE_INFINITY;
    const skipped = memory.get("skipped") ?? 0;
    if (clock.now() - last < spec.intervalSeconds * 1_000) {
      memory.set("skipped", skipped + 1);
      return { outcome: "done", result: "skipped by intervalSeconds" };
    }
    memory.set("lastAt", clock.now());
    memory.set("skipped", 0);
    log.info("event", { events: spec.events, skipped, traceparent: request.traceparent });
    return { outcome: "done", result: "logged" };
  },
});
