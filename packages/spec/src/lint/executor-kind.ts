/** What runs the steps: with `local` known, fields that only a pod can have give a warning. */
export type ExecutorKind = "local" | "kubernetes" | undefined;
