// What editors show beside each field of the workflow kinds. A field of these schemas without a row fails a test.
import type { z } from "zod";
import { bodyRows } from "./body.ts";
import { controlRows } from "./control.ts";
import type { Rows } from "./rows.ts";
import { templateRows } from "./template.ts";
import { valueRows } from "./values.ts";
import { workflowRows } from "./workflow.ts";

/** Descriptions by schema object and field. */
export const descriptions: ReadonlyMap<z.core.$ZodType, Rows> = new Map([
  ...workflowRows,
  ...templateRows,
  ...bodyRows,
  ...valueRows,
  ...controlRows,
]);
