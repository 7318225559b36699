// The words that enter a sandbox. Invariants: `spec.ts`.
import { join } from "node:path";

/** What a container usually may do to its own files and processes; nothing that reaches the host (N3). */
const keptCapabilities = [
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setfcap",
  "net_bind_service",
  "audit_write",
];

/** Words before the step's command: new root, capabilities dropped for good. */
export function enterWords(stepDir: string): readonly string[] {
  return [
    "chroot",
    join(stepDir, "root"),
    "setpriv",
    "--no-new-privs",
    "--inh-caps=-all",
    `--bounding-set=-all,${keptCapabilities.map((c) => `+${c}`).join(",")}`,
  ];
}

/** Words that make the namespaces and run `initScript` in them. The network stays the host's, but where it is asked for. */
export function unshareWords(privileged: boolean, hasNetwork = false): readonly string[] {
  const user = privileged ? [] : ["--user", "--map-root-user"];
  const network = hasNetwork ? ["--net"] : [];
  return ["unshare", ...user, ...network, "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
}

/** Words that join the namespaces of a sandbox that stands, by its process 1. */
export function joinWords(supervisor: number, privileged: boolean): readonly string[] {
  // A user namespace leaves the network the machine's, and may not even join that.
  const apart = privileged ? ["--net"] : ["--user", "--preserve-credentials"];
  return ["nsenter", "--target", String(supervisor), ...apart, "--mount", "--pid", "--ipc", "--uts"];
}
