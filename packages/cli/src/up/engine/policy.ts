import type { SubmissionPolicy } from "@sluice/engine";
import type { RunDefaults } from "@sluice/spec";
import type { Config } from "../../config/config.ts";

/** What the settings say of every submission. Every process that submits needs the same. */
export function submissionPolicy(config: Config): SubmissionPolicy {
  const { workflowDefaults, templateReferencing, overridableFields } = config;
  return {
    ...(workflowDefaults === undefined ? {} : { defaults: workflowDefaults as RunDefaults }),
    ...(templateReferencing === undefined ? {} : { templateReferencing }),
    ...(overridableFields === undefined
      ? {}
      : { overridable: overridableFields.split(",").map((field) => field.trim()) }),
  };
}
