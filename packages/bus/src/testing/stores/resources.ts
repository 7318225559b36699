import { expect, test } from "vitest";
import { never } from "../endless.ts";
import type { StoresGround } from "./ground.ts";

/** The bucket of resources on any Transport. */
export function resourcesConformance({ make, open }: StoresGround): void {
  test("a generation grows with each change only, and every kind of change is seen by a watch", async () => {
    await using bus = await make();
    const { resources } = open(bus);
    const applied = await resources.apply("Sensor", "ns", "a.b", { x: 1, y: 2 });
    expect(applied.outcome).toBe("created");
    expect((await resources.apply("Sensor", "ns", "a.b", { y: 2, x: 1 })).outcome).toBe("unchanged");
    const seen: string[] = [];
    for await (const change of resources.watch(["Sensor"], never())) {
      seen.push(change.type === "applied" ? `generation ${change.resource.generation}` : change.type);
      if (change.type === "caught-up") {
        await resources.apply("EventSource", "ns", "not asked for", {});
        await resources.apply("Sensor", "ns", "a.b", { x: 2 });
        expect(await resources.delete("Sensor", "ns", "a.b")).toBe(true);
      }
      if (change.type === "deleted") break;
    }
    expect(seen).toEqual(["generation 1", "caught-up", "generation 2", "deleted"]);
    expect(await resources.delete("Sensor", "ns", "a.b")).toBe(false);
    expect(await resources.list("Sensor")).toEqual([]);
    expect((await resources.list("EventSource", "ns")).map((r) => r.name)).toEqual(["not asked for"]);
    await resources.apply("ClusterWorkflowTemplate", "", "global", {});
    expect((await resources.get("ClusterWorkflowTemplate", "", "global"))?.namespace).toBe("");
  });
}
