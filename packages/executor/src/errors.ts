import { defineErrors } from "@sluice/base";

/** What the local executor refuses or cannot do. Codes: LOCAL_… */
export const LocalError = defineErrors("LOCAL", {
  ISOLATION_UNAVAILABLE: {
    retry: "never",
    message: (d: { isolation: string; reason: string }) =>
      `steps cannot run with isolation '${d.isolation}' here: ${d.reason}`,
    hint: "choose another with `--isolation auto|podman|docker|namespaces|process`; `sluice doctor` says which work",
  },
  IMAGE_UNAVAILABLE: {
    retry: "never",
    message: (d: { image: string; engine: string; reason: string }) =>
      `image '${d.image}' is not present and ${d.engine} cannot pull it: ${d.reason}`,
    hint: "load the image, give the engine a registry that it reaches, or use `--isolation namespaces`",
  },
  COMMAND_UNKNOWN: {
    retry: "never",
    message: (d: { image: string; isolation: string }) =>
      `no 'command' is given, and the entrypoint of image '${d.image}' is not known with isolation '${d.isolation}'`,
    hint: "set the field 'command' of the container, or run with a container engine: `--isolation podman`",
  },
  FIELD_UNSUPPORTED: {
    retry: "never",
    message: (d: { field: string; reason: string }) =>
      `field '${d.field}' cannot be served here: ${d.reason}`,
    hint: (d: { field: string }) => `remove '${d.field}', or run this workflow on Kubernetes`,
  },
  REFERENCE_MISSING: {
    retry: "never",
    message: (d: { kind: string; namespace: string; name: string; key: string }) =>
      `${d.kind} '${d.namespace}/${d.name}' has no key '${d.key}'`,
    hint: "apply the Secret or ConfigMap that is named, or mark the reference `optional: true`",
  },
  ENVIRONMENT_TOO_LARGE: {
    retry: "never",
    message: (d: { name: string; bytes: number; maxBytes: number }) =>
      `environment variable '${d.name}' has ${d.bytes} B, at most ${d.maxBytes} B can be passed`,
    hint: "pass large values as a file: a script's source or a configMap volume",
  },
  ARTIFACT_MISSING: {
    retry: "never",
    message: (d: { artifact: string; key: string }) =>
      `input artifact '${d.artifact}': nothing lies at '${d.key}' in the artifact repository`,
    hint: "check the key and the step that should have written it, or mark the input `optional: true`",
  },
  ARTIFACT_TOO_LARGE: {
    retry: "never",
    message: (d: { artifact: string; what: string }) => `artifact '${d.artifact}' has more than ${d.what}`,
    hint: "raise the limit (`--artifact-max-bytes`), or keep the data where the steps can reach it by themselves",
  },
  ARTIFACT_UNSAFE: {
    retry: "never",
    message: (d: { artifact: string; name: string }) =>
      `artifact '${d.artifact}' has an entry that may not be written: '${d.name.slice(0, 120)}'`,
    hint: "an archive's names must be relative, without '..', and no part of them a link",
  },
  ARTIFACT_BROKEN: {
    retry: "never",
    message: (d: { artifact: string; form: string; reason: string }) =>
      `artifact '${d.artifact}' cannot be read as ${d.form}: ${d.reason}`,
    hint: "set the artifact's `archive` to what it is: none, tar or zip",
  },
  ARTIFACTS_UNAVAILABLE: {
    retry: "never",
    message: (_d: object) => "this executor was given no artifact repository",
    hint: "run steps with artifacts by `sluice up`",
  },
  STEP_ID_INVALID: {
    retry: "bug",
    message: (d: { id: string }) => `'${d.id}' is no step id`,
    hint: "step ids have 1 to 200 lower-case letters, digits, '-' and '.'",
  },
  SANDBOX_FAILED: {
    retry: "later",
    message: (d: { isolation: string; reason: string }) =>
      `the step's ${d.isolation} sandbox could not be set up: ${d.reason}`,
    hint: "`sluice doctor` tries the sandbox and says what is missing",
  },
});
