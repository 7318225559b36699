// What each example is known by, by its name. Read from the rows of the corpus and from the manifests; kept apart from the
// runner so that a case of the same kind is one entry more.
import type { Expectation } from "../expectation.ts";
import { artifacts } from "./artifacts.ts";
import { control } from "./control.ts";
import { graph } from "./graph.ts";
import { hooks } from "./hooks.ts";
import { templates } from "./templates.ts";
import { values } from "./values.ts";

export const expectations: Readonly<Record<string, Expectation>> = {
  ...artifacts,
  ...control,
  ...graph,
  ...hooks,
  ...templates,
  ...values,
};
