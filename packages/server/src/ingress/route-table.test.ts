import type { IngressRoute } from "@sluice/sources";
import { describe, expect, test } from "vitest";
import { type Mounted, RouteTable } from "./route-table.ts";

const aRoute = (parts: Partial<IngressRoute>): Mounted => ({
  route: {
    port: 1,
    path: "/a",
    methods: "*",
    maxBodyBytes: 1,
    handle: async () => ({ status: 200 }),
    ...parts,
  },
  inFlight: 0,
  onIdle: undefined,
});

describe("a route table", () => {
  test("shares a path between methods, and names those it has when another comes", () => {
    const get = aRoute({ owner: "a", methods: ["GET"] });
    const post = aRoute({ owner: "b", methods: ["POST", "PUT"] });
    const table = new RouteTable().with(get).with(post);

    expect(table.find("POST", "/a")).toEqual({ kind: "route", mounted: post });
    expect(table.find("DELETE", "/a")).toEqual({ kind: "method", allow: "GET, POST, PUT" });
    expect(table.find("GET", "/b")).toEqual({ kind: "none" });
  });

  test.each([
    [["POST"], ["POST"]],
    ["*", ["POST"]],
    [["POST"], "*"],
  ] as const)("refuses a second owner of the same path and method, naming both (%o, %o)", (first, second) => {
    const table = new RouteTable().with(aRoute({ owner: "ns/s/one", methods: first }));
    const add = () => table.with(aRoute({ owner: "ns/s/two", methods: second }));
    expect(add).toThrow(expect.objectContaining({ code: "INGRESS_ROUTE_TAKEN" }));
    expect(add).toThrow(/'ns\/s\/two' wants .* '\/?ns\/s\/one' has/);
  });

  test("replaces the same owner's route at the same path, and leaves the old table as it was", () => {
    const old = aRoute({ owner: "a" });
    const before = new RouteTable().with(old);
    const next = aRoute({ owner: "a", methods: ["POST"] });
    const after = before.with(next);
    expect(after.all).toEqual([next]);
    expect(before.all).toEqual([old]);
  });

  test("matches segments, but never decodes or normalises a path", () => {
    const order = aRoute({ path: "/orders/:id/paid" });
    const table = new RouteTable().with(order).with(aRoute({ owner: "h", path: "/hook/admin" }));
    expect(table.find("POST", "/orders/7/paid").kind).toBe("route");
    for (const path of [
      "/orders//paid",
      "/orders/7/8/paid",
      "/hook/%2e%2e/admin",
      "/hook//admin",
      "/hook%2fadmin",
      "/HOOK/admin",
    ]) {
      expect(table.find("POST", path).kind, path).toBe("none");
    }
  });
});
