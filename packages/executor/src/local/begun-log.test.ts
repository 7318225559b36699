import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BegunLog } from "./begun-log.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-begun-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const none = () => false;
/** What another process has written. */
function written(boot: string, pid: number, text: string): void {
  mkdirSync(join(folder, "begun-steps"), { recursive: true });
  writeFileSync(join(folder, "begun-steps", `${boot} ${pid}`), text);
}
const gone = 2 ** 22 + 1;

describe("steps that were begun", () => {
  test("are earlier ones only after the machine was started again", () => {
    const before = new BegunLog(folder, "boot-1");
    before.add("a", none);
    before.add("b", none);
    before.close();

    expect([...new BegunLog(folder, "boot-1").earlier()]).toEqual([]);
    expect([...new BegunLog(folder, "boot-2").earlier()]).toEqual(["a", "b"]);
  });

  test("are forgotten but for those that are retained, with the start that they belong to", () => {
    const before = new BegunLog(folder, "boot-1");
    for (const id of ["a", "b", "c"]) before.add(id, none);
    before.close();
    const log = new BegunLog(folder, "boot-2");
    log.add("d", none);
    log.retain((id) => ["b", "d"].includes(id));
    log.add("e", none);
    log.close();

    expect([...new BegunLog(folder, "boot-2").earlier()]).toEqual(["b"]);
    expect([...new BegunLog(folder, "boot-3").earlier()].sort()).toEqual(["b", "d", "e"]);
  });

  test("a line that a crash has torn names no step", () => {
    written("boot-1", gone, "a\nrun.node");

    expect([...new BegunLog(folder, "boot-2").earlier()]).toEqual(["a"]);
  });

  test("of another process that lives are left alone, and of one that is gone are cleared away", () => {
    written("boot-1", process.ppid, "theirs\n");
    written("boot-1", gone, "dead\n");

    new BegunLog(folder, "boot-1").retain(none);

    expect([...new BegunLog(folder, "boot-2").earlier()]).toEqual(["theirs"]);
  });
});
