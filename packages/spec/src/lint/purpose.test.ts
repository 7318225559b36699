import { expect, test } from "vitest";
import { loadManifests } from "../manifest.ts";
import { type LintPurpose, lintManifests } from "./index.ts";

const of = (kind: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ${kind}
metadata: {name: a}
spec:
  entrypoint: t
  templates:
    - name: t
      inputs: {artifacts: [{name: in, path: /in, http: {url: https://example.com/in}}]}
      container: {image: busybox}
`;

const severities = (kind: string, purpose: LintPurpose) => {
  const { manifests, issues } = loadManifests(of(kind));
  return [...issues, ...lintManifests(manifests, { purpose })].map(
    ({ code, severity }) => `${severity} ${code}`,
  );
};

test.each([
  ["Workflow", "run", "error"],
  ["Workflow", "apply", "error"],
  ["Workflow", "lint", "warning"],
  ["WorkflowTemplate", "run", "error"],
  ["WorkflowTemplate", "apply", "warning"],
  ["ClusterWorkflowTemplate", "apply", "warning"],
  ["WorkflowTemplate", "lint", "warning"],
] as const)("what is right in a %s and not run yet is, to %s, an %s", (kind, purpose, severity) => {
  expect(severities(kind, purpose)).toEqual([`${severity} SPEC_UNSUPPORTED`]);
});
