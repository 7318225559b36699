import { describe, expect, test } from "vitest";
import { parseProgress, progressIn, progressText } from "./progress.ts";

describe("what a step says of its progress", () => {
  test.each(["0/1", "3/10", "10/10", "999999999999999/999999999999999"])("%s is taken as it is", (text) => {
    const progress = parseProgress(text);
    expect(progress === undefined ? undefined : progressText(progress)).toBe(text);
  });

  test.each(["", "1", "0/0", "2/1", "-1/2", "1/-2", "1.5/2", "a/b", "1/2/3", " 1/2", "1/2 %", "1e3/1e4"])(
    "'%s' is passed over",
    (text) => expect(parseProgress(text)).toBeUndefined(),
  );

  test("is the last line of its file, however it ends", () => {
    expect(progressIn("1/10\n2/10\r\n\n")).toEqual({ done: 2, total: 10 });
    expect(progressIn("1/10\nalmost there")).toBeUndefined();
  });
});
