import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BegunLog } from "./begun-log.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-begun-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("steps that were begun", () => {
  test("are earlier ones only after the machine was started again", () => {
    const path = join(folder, "begun");
    const before = new BegunLog(path, "boot-1");
    before.add("a", () => []);
    before.add("b", () => []);
    before.close();

    expect([...new BegunLog(path, "boot-1").earlier()]).toEqual([]);
    expect([...new BegunLog(path, "boot-2").earlier()]).toEqual(["a", "b"]);
  });

  test("are forgotten but for those that are retained, with the start that they belong to", () => {
    const path = join(folder, "begun");
    const before = new BegunLog(path, "boot-1");
    for (const id of ["a", "b", "c"]) before.add(id, () => []);
    before.close();
    const log = new BegunLog(path, "boot-2");
    log.add("d", () => []);
    log.retain(new Set(["b", "d"]));
    log.add("e", () => []);
    log.close();

    expect([...new BegunLog(path, "boot-2").earlier()]).toEqual(["b"]);
    expect([...new BegunLog(path, "boot-3").earlier()]).toEqual(["b", "d", "e"]);
  });

  test("a line that a crash has torn names no step", () => {
    const path = join(folder, "begun");
    writeFileSync(path, "boot-1 a\nboot-1 run.node");

    expect([...new BegunLog(path, "boot-2").earlier()]).toEqual(["a"]);
  });
});
