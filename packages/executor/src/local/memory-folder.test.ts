import { expect, test } from "vitest";
import { isUsable } from "./memory-folder.ts";

test.each([
  ["tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0", true],
  ["tmpfs /dev/shm tmpfs rw,nosuid,nodev,noexec 0 0", false],
  ["tmpfs /dev/shm tmpfs ro,nosuid 0 0", false],
  ["/dev/sda1 /dev/shm ext4 rw 0 0", false],
  ["tmpfs /run tmpfs rw 0 0", false],
  ["", false],
])("shared memory mounted as '%s' is usable: %s", (mounts, usable) => expect(isUsable(mounts)).toBe(usable));
