import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasErrors, type Issue, lintManifests, loadManifests } from "@sluice/spec";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const corpus = resolve(root, process.env["SLUICE_CORPUS"] ?? "../shared/corpus");
const absent = !existsSync(corpus);
const title = absent ? `the corpus (skipped: there is none at ${corpus})` : "the corpus";

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(corpus, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.ya?ml$/.test(file))
    .sort();

function issuesOf(folder: string, file: string): readonly Issue[] {
  const text = readFileSync(join(corpus, folder, file), "utf8");
  const { manifests, issues } = loadManifests(text, { file });
  return [...issues, ...lintManifests(manifests, { purpose: "lint" })];
}

const errorsOf = (issues: readonly Issue[]): readonly Issue[] =>
  issues.filter((issue) => issue.severity === "error");

/** Fields that the examples have and their kinds have not: accepted in silence by the incumbent. */
const unknownFields = [
  "event-sources/stripe.yaml spec.stripe.example.namespace",
  "sensors/trigger-with-atleast-once-semantics.yaml spec.triggers[0].template.atLeastOnce",
  "sensors/trigger-with-policy.yaml spec.triggers[0].template.policy",
  "sensors/url-sensor.yaml spec.triggers[0].template.k8s.source.url.verifycert",
  "tutorials/03-trigger-sources/sensor-cm.yaml spec.triggers[0].template.k8s.source.configmap.namespace",
  "tutorials/03-trigger-sources/sensor-git.yaml spec.triggers[0].template.k8s.source.git.sshKeyPath",
  "tutorials/03-trigger-sources/sensor-git.yaml spec.triggers[0].template.k8s.source.git.namespace",
  "tutorials/06-trigger-conditions/minio-event-source.yaml spec.type",
  "tutorials/06-trigger-conditions/webhook-event-source.yaml spec.type",
  "tutorials/09-http-trigger/minio-event-source.yaml spec.type",
  "tutorials/09-http-trigger/sensor-01.yaml spec.triggers[0].template.http.serverURL",
  "tutorials/09-http-trigger/sensor-02.yaml spec.triggers[0].template.http.serverURL",
];

describe.skipIf(absent)(title, () => {
  it("of workflows parses, and nothing in it is wrong but what is not run yet", () => {
    const files = filesOf("argo-workflows");

    const wrong = files.flatMap((file) => errorsOf(issuesOf("argo-workflows", file)));

    expect(files.length).toBeGreaterThan(200);
    expect(wrong.map((issue) => `${issue.file}:${issue.line} ${issue.code} ${issue.message}`)).toEqual([]);
  });

  it("of workflows is run as it is for all that needs nothing but the engine's present language", () => {
    const clean = filesOf("argo-workflows").filter((file) => !hasErrors(issuesOf("argo-workflows", file)));

    expect(clean.length).toBeGreaterThanOrEqual(95);
    expect(clean).toEqual(
      expect.arrayContaining([
        "coinflip-recursive.yaml",
        "dag-diamond.yaml",
        "loops-maps.yaml",
        "steps.yaml",
      ]),
    );
  });

  it("of events has its twelve unknown fields in eleven files found, and nothing else wrong", () => {
    const files = filesOf("argo-events");

    const wrong = files.flatMap((file) => errorsOf(issuesOf("argo-events", file)));
    const found = wrong.filter(
      ({ code }) => code === "SPEC_FIELD_UNKNOWN" || code === "SPEC_FIELD_MISPLACED",
    );

    expect(new Set(found.map(({ file, path }) => `${file} ${path}`))).toEqual(new Set(unknownFields));
    expect(wrong).toHaveLength(unknownFields.length);
  });
});
