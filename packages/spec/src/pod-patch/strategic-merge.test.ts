import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { podSpecMerge } from "./merge-keys.ts";
import { strategicMerge } from "./strategic-merge.ts";

const merged = (original: Record<string, unknown>, patch: Record<string, unknown>) =>
  strategicMerge(original, patch, podSpecMerge);

const main = { name: "main", image: "a", command: ["sh"], env: [{ name: "A", value: "1" }] };

describe("a list that is merged", () => {
  test("changes the element of the same name and keeps the others", () => {
    const pod = { containers: [main, { name: "side", image: "s" }] };

    expect(merged(pod, { containers: [{ name: "main", image: "b" }] })).toEqual({
      containers: [
        { ...main, image: "b" },
        { name: "side", image: "s" },
      ],
    });
  });

  test("goes down into env by name, ports by containerPort and mounts by mountPath", () => {
    const container = {
      name: "main",
      env: [
        { name: "A", value: "1" },
        { name: "B", value: "2" },
      ],
      ports: [{ containerPort: 80, protocol: "TCP" }],
      volumeMounts: [{ name: "x", mountPath: "/x" }],
    };
    const patch = {
      name: "main",
      env: [{ name: "B", value: "3" }],
      ports: [{ containerPort: 80, name: "web" }],
      volumeMounts: [{ mountPath: "/x", readOnly: true }],
    };

    expect(merged({ containers: [container] }, { containers: [patch] })).toEqual({
      containers: [
        {
          name: "main",
          env: [
            { name: "A", value: "1" },
            { name: "B", value: "3" },
          ],
          ports: [{ containerPort: 80, protocol: "TCP", name: "web" }],
          volumeMounts: [{ name: "x", mountPath: "/x", readOnly: true }],
        },
      ],
    });
  });

  test("puts new elements before those that the patch does not name, as Kubernetes does", () => {
    const { volumes } = merged(
      { volumes: [{ name: "a" }, { name: "b" }] },
      {
        volumes: [
          { name: "new", emptyDir: {} },
          { name: "b", emptyDir: {} },
        ],
      },
    );

    expect(volumes).toEqual([{ name: "new", emptyDir: {} }, { name: "a" }, { name: "b", emptyDir: {} }]);
  });

  test("keeps the original's order between named and unnamed elements", () => {
    const { volumes } = merged(
      { volumes: [{ name: "a" }, { name: "b" }, { name: "c" }] },
      { volumes: [{ name: "b", emptyDir: {} }] },
    );

    expect(volumes).toEqual([{ name: "a" }, { name: "b", emptyDir: {} }, { name: "c" }]);
  });

  test("loses an element with $patch: delete", () => {
    const pod = { volumes: [{ name: "a" }, { name: "b" }] };

    expect(merged(pod, { volumes: [{ $patch: "delete", name: "a" }] })).toEqual({ volumes: [{ name: "b" }] });
  });

  test("is the patch's own with $patch: replace", () => {
    const pod = { volumes: [{ name: "a" }, { name: "b" }] };
    const patch = { volumes: [{ $patch: "replace" }, { name: "c", emptyDir: {} }] };

    expect(merged(pod, patch)).toEqual({ volumes: [{ name: "c", emptyDir: {} }] });
  });

  test("is put into the order of $setElementOrder", () => {
    const pod = { containers: [main, { name: "side", image: "s" }] };
    const patch = {
      "$setElementOrder/containers": [{ name: "side" }, { name: "main" }],
      containers: [{ name: "main", image: "b" }],
    };

    expect(merged(pod, patch)).toEqual({
      containers: [
        { name: "side", image: "s" },
        { ...main, image: "b" },
      ],
    });
  });

  test("refuses an element without its key", () => {
    expect(() => merged({ containers: [main] }, { containers: [{ image: "b" }] })).toThrow(
      "does not contain the declared merge key 'name'",
    );
  });
});

describe("any other value", () => {
  test("replaces what was there: tolerations, command and args as a whole", () => {
    const pod = { tolerations: [{ key: "a" }], containers: [main] };
    const patch = { tolerations: [{ key: "b" }], containers: [{ name: "main", command: ["bash", "-c"] }] };

    expect(merged(pod, patch)).toEqual({
      tolerations: [{ key: "b" }],
      containers: [{ ...main, command: ["bash", "-c"] }],
    });
  });

  test("is merged where it is a map, and null takes a field away", () => {
    const pod = { nodeSelector: { a: "1", b: "2" }, hostNetwork: true };

    expect(merged(pod, { nodeSelector: { b: null, c: "3" }, hostNetwork: null })).toEqual({
      nodeSelector: { a: "1", c: "3" },
    });
  });

  test("of a map with $patch: replace is the patch's own", () => {
    expect(merged({ nodeSelector: { a: "1" } }, { nodeSelector: { $patch: "replace", b: "2" } })).toEqual({
      nodeSelector: { b: "2" },
    });
  });

  test("keeps of a volume what $retainKeys names", () => {
    const pod = { volumes: [{ name: "v", emptyDir: {}, other: 1 }] };
    const patch = { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] };

    expect(merged(pod, patch)).toEqual({ volumes: [{ name: "v", hostPath: { path: "/x" } }] });
  });

  test("loses the values of $deleteFromPrimitiveList", () => {
    const pod = { containers: [{ name: "main", args: ["a", "b", "c"] }] };
    const patch = { containers: [{ name: "main", "$deleteFromPrimitiveList/args": ["b"] }] };

    expect(merged(pod, patch)).toEqual({ containers: [{ name: "main", args: ["a", "c"] }] });
  });
});

describe("every patch", () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const list = fc.uniqueArray(fc.record({ name, image: fc.string() }), { selector: (one) => one.name });

  test("without directives is idempotent, and leaves both arguments as they are", () => {
    fc.assert(
      fc.property(list, list, (there, wanted) => {
        const original = Object.freeze({ containers: Object.freeze(there.map((one) => Object.freeze(one))) });
        const once = merged(original, { containers: wanted });

        const byName = (made: Record<string, unknown>) =>
          new Map(
            (made["containers"] as { name: string; image: string }[]).map((one) => [one.name, one.image]),
          );
        const expected = new Map([...there, ...wanted].map((one) => [one.name, one.image]));
        expect(byName(once)).toEqual(expected);
        expect(merged(once, { containers: wanted })).toEqual(once);
      }),
    );
  });
});
