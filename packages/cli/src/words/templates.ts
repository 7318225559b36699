// The words of the commands on workflow templates.
import type { Command } from "commander";
import { type Call, lintOutput, output } from "./call.ts";

export function templateCommands(program: Command, call: Call): void {
  const templates = async () => import("../commands/templates/templates.ts");
  for (const [word, kind, many] of [
    ["template", "WorkflowTemplate", "workflow templates"],
    ["cluster-template", "ClusterWorkflowTemplate", "cluster workflow templates"],
  ] as const) {
    const group = program.command(word).description(many);
    const files = (name: string, description: string) =>
      group
        .command(name)
        .description(description)
        .argument("<files...>", "manifests or folders; - is standard input");
    files("create", `create ${many}; one that exists is an error`)
      .addOption(output())
      .action(call(async () => (await templates()).create(kind)));
    files("update", `replace ${many} that exist`)
      .addOption(output())
      .action(call(async () => (await templates()).update(kind)));
    files("lint", `check ${many}, against what is applied too`)
      .option("--offline", "without a server: references to applied templates are not checked")
      .option("--strict", "warnings count as errors")
      .addOption(lintOutput())
      .action(call(async () => (await templates()).lintTemplates(kind)));
    const list = group.command("list").alias("ls").description(`list ${many}`);
    if (kind === "WorkflowTemplate") list.option("-A, --all-namespaces", "of every namespace");
    list
      .option("-l, --selector <selector>", "label selector")
      .addOption(output())
      .action(call(async () => (await templates()).list(kind)));
    group
      .command("get")
      .description("show them")
      .argument("<names...>")
      .addOption(output())
      .action(call(async () => (await templates()).get(kind)));
    group
      .command("delete")
      .description("delete them; runs that use one keep what they took from it")
      .argument("[names...]")
      .option(
        "--all",
        "all of the namespace".replace(
          "of the namespace",
          kind === "WorkflowTemplate" ? "of the namespace" : "of them",
        ),
      )
      .action(call(async () => (await templates()).remove(kind)));
  }
}
