import { expect, test } from "vitest";
import { type FilteredRow, filterOf } from "./filter.ts";
import type { RunQuery } from "./port.ts";

const row = (name: string, more: Partial<FilteredRow> = {}): FilteredRow => ({
  key: { namespace: "default", name },
  phase: "Succeeded",
  submittedAt: 1_000,
  finishedAt: 2_000,
  labels: {},
  causes: [],
  ...more,
});
const rows = [
  row("build-1", { labels: { "workflows.argoproj.io/workflow-template": "build", team: "a" } }),
  row("build-2", { labels: { size: "12" }, submittedAt: 5_000, finishedAt: undefined, phase: "Running" }),
  row("nightly-1", {
    phase: "Failed",
    finishedAt: 9_000,
    labels: { "workflows.argoproj.io/cron-workflow": "nightly", size: "5" },
    causes: [{ namespace: "default", source: "hooks", event: "push", id: "e1" }],
  }),
];
const found = (query: RunQuery) => rows.filter(filterOf(query)).map(({ key }) => key.name);

test.each<[RunQuery, readonly string[]]>([
  [{}, ["build-1", "build-2", "nightly-1"]],
  [{ phases: ["Failed", "Running"] }, ["build-2", "nightly-1"]],
  [{ labelSelector: "team=a" }, ["build-1"]],
  [{ labelSelector: "size>3" }, ["build-2", "nightly-1"]],
  [{ labelSelector: "size < 12, size>4" }, ["nightly-1"]],
  [{ labelSelector: "team<9" }, []],
  [{ name: { how: "Prefix", text: "build" } }, ["build-1", "build-2"]],
  [{ name: { how: "Contains", text: "ly-" } }, ["nightly-1"]],
  [{ name: { how: "Exact", text: "build" } }, []],
  [{ template: "build" }, ["build-1"]],
  [{ template: "nightly" }, ["nightly-1"]],
  [{ cause: "e1" }, ["nightly-1"]],
  [{ cause: "hooks/push" }, ["nightly-1"]],
  [{ cause: "hooks", phases: ["Succeeded"] }, []],
  [{ createdAfter: 1_001 }, ["build-2"]],
  [{ createdBefore: 5_000 }, ["build-1", "nightly-1"]],
  [{ finishedBefore: 9_000 }, ["build-1"]],
  [{ finishedAfter: 2_000 }, ["build-1", "nightly-1"]],
])("%o finds %o", (query, names) => {
  expect(found(query)).toEqual(names);
});
