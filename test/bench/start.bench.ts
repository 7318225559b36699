// How fast the command starts, how fast `sluice up` is ready, and what it costs when nothing happens.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, SluiceProcess } from "../e2e/sluice-process.ts";
import { distribution, goal, machine, report } from "./report.ts";

const bundle = join(root, "dist", "sluice.js");

async function timed(args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  await new Promise<void>((resolve) =>
    spawn(process.execPath, [...args], { stdio: "ignore" }).once("exit", () => resolve()),
  );
  return performance.now() - startedAt;
}

/** Memory that is this process's own and its share of what it shares, bytes. */
function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
}

/** CPU time used so far, ms (100 ticks a second). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const childrenOf = (pid: number): number[] =>
  execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);

console.log(machine());
const node: number[] = [];
const version: number[] = [];
for (let i = 0; i < 20; i++) {
  node.push(await timed(["-e", "0"]));
  version.push(await timed([bundle, "--version"]));
}
const start = [distribution("node -e 0", node), distribution("sluice --version", version)];
report("start of the command", start);
goal(`starts in ${start[1]?.p50.toFixed(0)} ms (goal < 400 ms)`, (start[1]?.p50 ?? 0) < 400);

const ready: number[] = [];
for (let i = 0; i < 5; i++) {
  const startedAt = performance.now();
  await using sluice = await SluiceProcess.start({ bundle: true });
  ready.push(performance.now() - startedAt);
  if (i < 4) continue;
  const pids = [sluice.pid, ...childrenOf(sluice.pid)];
  const seconds = 30;
  const before = pids.map(cpuMs);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const used = pids.map((pid, at) => cpuMs(pid) - (before[at] ?? 0));
  const share = (used.reduce((a, b) => a + b, 0) / (seconds * 1_000)) * 100;
  const memory = pids.map(residentBytes);
  console.log(
    `\nidle for ${seconds} s: sluice ${(memory[0]! / 1e6).toFixed(0)} MB, its nats-server ${((memory[1] ?? 0) / 1e6).toFixed(0)} MB, CPU ${share.toFixed(2)} % of a core`,
  );
  goal(
    `idle memory ${(memory.reduce((a, b) => a + b, 0) / 1e6).toFixed(0)} MB with the nats-server (goal < 150 MB)`,
    memory.reduce((a, b) => a + b, 0) < 150e6,
  );
  goal(`idle CPU ${share.toFixed(2)} % (goal < 1 %)`, share < 1);
}
const up = distribution("sluice up, until ready", ready);
report("start of the server (bundle, warm machine)", [up]);
goal(`ready in ${up.p50.toFixed(0)} ms (goal < 2,000 ms)`, up.p50 < 2_000);
