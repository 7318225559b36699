import { describe, expect, test } from "vitest";
import { bytesOf, cpusOf } from "./container-engine.ts";
import { parseMountTable } from "./sandbox/host.ts";
import { knownEntrypoint } from "./shims.ts";

describe("Kubernetes quantities", () => {
  test.each([
    ["128974848", 128_974_848],
    ["129M", 129_000_000],
    ["123Mi", 128_974_848],
    ["1.5Gi", 1_610_612_736],
    ["1e3x", undefined],
    ["", undefined],
    ["constructor", undefined],
  ])("of memory: %s", (text, bytes) => expect(bytesOf(text)).toBe(bytes));

  test.each([
    ["500m", 0.5],
    ["2", 2],
    ["0.1", 0.1],
    ["2k", undefined],
  ])("of CPU: %s", (text, cores) => expect(cpusOf(text)).toBe(cores));
});

test("an image's own command is known for few images, by name without registry and tag", () => {
  expect(knownEntrypoint("docker.io/argoproj/argosay:v2", true)).toEqual(["argosay"]);
  expect(knownEntrypoint("alpine:3.6", false)).toEqual(["sh"]);
  expect(knownEntrypoint("alpine:3.6", true)).toBeUndefined();
  expect(knownEntrypoint("toString", true)).toBeUndefined();
});

test("a mount table's paths are read with their blanks", () => {
  const table = "36 35 98:0 / /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw\nshort line\n";
  expect(parseMountTable(table)).toEqual([{ type: "ext3", path: "/mnt/a b" }]);
});
