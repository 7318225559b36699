import { describe, expect, test } from "vitest";
import { anyAborted, Scope } from "./scope.ts";

const recorder = () => {
  const closed: string[] = [];
  const resource = (name: string, fails = false): AsyncDisposable => ({
    async [Symbol.asyncDispose]() {
      closed.push(name);
      if (fails) throw new Error(name);
    },
  });
  return { closed, resource };
};

describe("closing a scope", () => {
  test("closes in reverse order, once", async () => {
    const { closed, resource } = recorder();
    const scope = new Scope();
    scope.use(resource("a"));
    scope.use(resource("b"));

    await Promise.all([scope[Symbol.asyncDispose](), scope[Symbol.asyncDispose]()]);

    expect(closed).toEqual(["b", "a"]);
  });

  test("reports every failure and still closes the rest", async () => {
    const { closed, resource } = recorder();
    const scope = new Scope();
    scope.use(resource("a", true));
    scope.use(resource("b"));
    scope.use(resource("c", true));

    await expect(scope[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [new Error("c"), new Error("a")],
    });
    expect(closed).toEqual(["c", "b", "a"]);
  });

  test("refuses what is handed to it afterwards", async () => {
    const scope = new Scope();
    await scope[Symbol.asyncDispose]();

    expect(() => scope.use(recorder().resource("late"))).toThrow("closed");
  });
});

describe("a loop", () => {
  test("that ends by itself aborts the scope and is reported on close", async () => {
    const scope = new Scope();
    scope.spawn("sensors", async () => {});

    await anyAborted(scope.signal);

    await expect(scope[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [expect.objectContaining({ message: "loop 'sensors' stopped by itself" })],
    });
  });

  test("that ends because of the signal is no failure", async () => {
    const scope = new Scope();
    scope.spawn("engine", (signal) => anyAborted(signal).then(() => {}));

    await expect(scope[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

describe("a child scope", () => {
  test("closes with its parent, before what the parent owned earlier", async () => {
    const { closed, resource } = recorder();
    const parent = new Scope();
    parent.use(resource("parent"));
    parent.child().use(resource("child"));

    await parent[Symbol.asyncDispose]();

    expect(closed).toEqual(["child", "parent"]);
  });

  test("closed early is not closed again", async () => {
    const { closed, resource } = recorder();
    const parent = new Scope();
    const child = parent.child();
    child.use(resource("child"));

    await child[Symbol.asyncDispose]();
    await parent[Symbol.asyncDispose]();

    expect(closed).toEqual(["child"]);
  });
});
