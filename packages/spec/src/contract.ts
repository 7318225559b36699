// The types that other packages build on. (Named exports by topic.)
export * from "./events/event-source.ts";
export * from "./events/sensor.ts";
export * from "./meta.ts";
export * from "./wire/cloud-event.ts";
export * from "./wire/run.ts";
export * from "./wire/trail.ts";
export * from "./wire/trigger-request.ts";
export * from "./workflow/container.ts";
export * from "./workflow/control.ts";
export * from "./workflow/parameter.ts";
export * from "./workflow/template.ts";
export * from "./workflow/workflow.ts";
