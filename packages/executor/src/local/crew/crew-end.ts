// What a crew left behind in its out folder: who began, and with which code each ended. The step itself could have written
// there: nothing is read through a link, and a lie is told about the step alone.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { ContainerEnd } from "@sluice/engine";
import { OutputTail } from "../output/lines.ts";
import type { Crew, Member } from "./crew.ts";
import { byWeight, isMain, memberFiles } from "./crew-script.ts";

interface MemberEnd {
  readonly member: Member;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
}

export interface CrewEnd {
  /** Of a set: each container's end. */
  readonly containers?: readonly ContainerEnd[];
  /** Which container failed the step, and how, when it was not the main one. */
  readonly message?: string;
}

/** Tails of the output of those that are not main, which has the step's own. */
export function crewTails({ members }: Crew, outDir: () => string): readonly OutputTail[] {
  return members.flatMap((member, index) => {
    if (isMain(member)) return [];
    const files = memberFiles(index);
    return (["stdout", "stderr"] as const).map(
      (stream) => new OutputTail(() => join(outDir(), files[stream]), stream, { container: member.name }),
    );
  });
}

export function readCrewEnd({ members }: Crew, outDir: string): CrewEnd {
  const ends = members.map((member, index) => readEnd(member, index, outDir));
  if (members.some(({ role }) => role === "set")) return { containers: ends.map((end) => told(end, ends)) };
  for (const index of byWeight(members)) {
    const end = ends[index];
    const code = end?.exitCode ?? 0;
    if (end === undefined || code === 0) continue;
    if (isMain(end.member)) return {};
    if (end.member.role === "side" && (code === 137 || code === 143)) continue;
    return { message: `${end.member.name}: Error (exit code ${code})` };
  }
  return {};
}

function readEnd(member: Member, index: number, outDir: string): MemberEnd {
  const files = memberFiles(index);
  const begun = readSmall(join(outDir, files.begun));
  const end = readSmall(join(outDir, files.end));
  const exitCode = end !== undefined && /^\d{1,3}\n$/.test(end.text) ? Number(end.text) : undefined;
  return {
    member,
    ...(begun === undefined ? {} : { startedAt: begun.at }),
    ...(end === undefined || exitCode === undefined ? {} : { finishedAt: end.at, exitCode }),
  };
}

function told({ member, ...end }: MemberEnd, all: readonly MemberEnd[]): ContainerEnd {
  const { name } = member;
  if (end.startedAt === undefined) {
    const bad = member.after.map((on) => all[on]).find((on) => on?.exitCode !== 0);
    const why =
      bad?.exitCode === undefined
        ? undefined
        : `dependency "${bad.member.name}" exited with non-zero code: ${bad.exitCode}`;
    return { name, phase: "Omitted", ...(why === undefined ? {} : { message: why }) };
  }
  const exitCode = end.exitCode ?? 137;
  if (exitCode === 0) return { name, phase: "Succeeded", ...end };
  return { name, phase: "Failed", message: `Error (exit code ${exitCode})`, ...end, exitCode };
}

function readSmall(path: string): { readonly text: string; readonly at: number } | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const buffer = Buffer.alloc(16);
    const bytes = readSync(file, buffer, 0, buffer.length, 0);
    return { text: buffer.toString("latin1", 0, bytes), at: Math.round(stat.mtimeMs) };
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
