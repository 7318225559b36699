import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { type Placed, typesOf, typeTitle, type WorkflowLint } from "../workflow/context.ts";

const podTypes: ReadonlySet<string> = new Set(["container", "script", "containerSet"]);

/** Whether its step goes on while what comes after it runs: only what runs as containers can. */
export const isDaemon = (template: Template | InlineTemplate): boolean =>
  template.daemon === true && typesOf(template).every((type) => podTypes.has(type));

/** `daemon` where it can have an effect, and no cache that would answer in its place. */
export function lintDaemon(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  if (value.daemon !== true) return;
  const [type] = typesOf(value);
  if (type !== undefined && !podTypes.has(type))
    sink.warn("SPEC_CONFLICT", [...path, "daemon"], {
      message: `${title}.daemon has no effect: a ${typeTitle(type)} template is waited for`,
      hint: "set it on a container, script or containerSet template",
      key: true,
    });
  else if (value.memoize !== undefined)
    sink.warn("SPEC_CONFLICT", [...path, "memoize"], {
      message: `${title} is a daemon: one that its cache answers for is not started, and has no ip`,
      hint: "take 'memoize' out",
      key: true,
    });
}
