import { expect, test } from "vitest";
import { loadManifests } from "../manifest.ts";

const head =
  "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec:\n  entrypoint: a\n  templates:\n";
const saidOf = (template: string) =>
  loadManifests(`${head}  - {name: a, ${template}}\n`, { file: "f.yaml" }).issues.map(
    ({ message, hint }) => `${message}: ${hint}`,
  );

test.each([
  [
    "steps: [{name: s, template: t}]",
    "'steps[0]' must be a list, got a map: put '- ' before it, or [ ] around it",
  ],
  [
    "steps: [[{name: s, template: t, withParam: [1, 2]}]]",
    "'withParam' must be a text, got a list: write it as the text of its JSON: '[1,2]'",
  ],
  [
    "container: {image: x, env: [{name: A, valueFrom: {secretKeyRefs: {name: a, key: b}}}]}",
    "unknown field \"spec.templates[0].container.env[0].valueFrom.secretKeyRefs\": did you mean 'secretKeyRef'?",
  ],
  [
    "container: {image: x, env: [{name: A, valueFrom: {secretKeyRef: {name: a}}}]}",
    "'key' is required: give it a text",
  ],
  [
    "container: {image: x, volumeMounts: [{name: a, mountPth: /a}]}",
    "unknown field \"spec.templates[0].container.volumeMounts[0].mountPth\": did you mean 'mountPath'?",
  ],
  [
    "container: {image: x, resources: {limit: {memory: 1Mi}}}",
    "unknown field \"spec.templates[0].container.resources.limit\": did you mean 'limits'?",
  ],
  [
    "script: {image: x, source: x, envFrom: [{secretRef: {nam: a}}]}",
    "unknown field \"spec.templates[0].script.envFrom[0].secretRef.nam\": did you mean 'name'?",
  ],
])("%s says what was meant", (template, expected) => {
  expect(saidOf(template)).toContain(expected);
});
