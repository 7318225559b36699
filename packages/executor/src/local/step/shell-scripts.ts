// The POSIX sh programs that stand between this process and a step. They outlive us, so they are kept small: no
// program but the shell itself, util-linux and the step runs in the usual case.

import { posix } from "node:path";

/** Safe in sh, whatever is in it. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Exit code of a supervisor that found the step claimed by another: the step is not its own. */
export const claimTakenExitCode = 199;

/**
 * Runs a container engine's client. Name: the step's door. Arguments: the client's words. Working folder: the step's.
 * The claim (F1) comes before anything else, through the door, which leads nowhere for who comes late (F5); the shell's
 * own messages about signals are not the step's.
 */
export const clientScript = `exec 4>&2 2>/dev/null
IFS= read -r boot </proc/sys/kernel/random/boot_id
IFS= read -r stat </proc/self/stat
set -C
printf '%s %s\\n' "$boot" "$stat" >"$0/claim" || exit ${claimTakenExitCode}
set +C
: >started
"$@" 2>&4 4>&-
code=$?
if [ -e after ]; then /bin/sh ./after; fi
{ printf 'exit %s\\n' "$code"; times; echo end; } >exit
`;

/**
 * Runs a step as a plain process. Name: the step's door (F5). Argument: the enter program, which makes a session of its own, so that what the step
 * does to its process group does not reach the supervisor; `started` keeps the number of that group, which is ended
 * with its first process. Working folder: the step's.
 */
export const plainScript = `exec 4>&2 2>/dev/null
IFS= read -r boot </proc/sys/kernel/random/boot_id
IFS= read -r stat </proc/self/stat
set -C
printf '%s %s\\n' "$boot" "$stat" >"$0/claim" || exit ${claimTakenExitCode}
set +C
(IFS=' ' read -r self _ </proc/self/stat; echo "$self" >started; exec 2>&4 4>&-; eval "$1")
code=$?
IFS= read -r group <started && kill -s KILL -- "-$group"
if [ -e staging/collect ]; then /bin/sh staging/collect >/dev/null; fi
{ printf 'exit %s\\n' "$code"; times; echo end; } >exit
`;

/**
 * Process 1 of a namespace sandbox, and the supervisor of the step in it. It stays outside the new root; when it ends,
 * the kernel kills all that is left of the step. Working folder: the box. Arguments: the box's name, then the words
 * that enter the sandbox. It gets the box ready, with a shell waiting inside, and then reads from its gate: the step's
 * door (F5), its host name, and the program for that shell. Without them (the one who should say is gone) it ends.
 * `kill -1` is for process 1 of a process namespace only: there it means all others of the sandbox.
 */
export const initScript = `exec 4>&2 2>>setup.log
box=$1
shift
mount -a -T fstab >>setup.log || { : >failed; exit 125; }
IFS= read -r boot </proc/sys/kernel/random/boot_id
IFS= read -r stat </proc/self/stat
{
  exec 3>&- 4>&-
  IFS= read -r dir && IFS= read -r name || exit
  set -C
  printf '%s %s %s\\n' "$boot" "$stat" "$box" >"$dir/claim" || exit
  set +C
  printf '%s' "$name" >/proc/sys/kernel/hostname
  printf '%s\\n' "$dir" >started
  while IFS= read -r line; do printf '%s\\n' "$line"; done
} | "$@" /bin/sh 2>&4 3>&- 4>&-
code=$?
IFS= read -r dir <started || exit ${claimTakenExitCode}
if [ -e staging/collect ]; then "$@" /bin/sh /argo/staging/collect </dev/null >/dev/null 3>&- 4>&-; fi
[ "$$" = 1 ] && kill -s KILL -- -1
{ printf 'exit %s\\n' "$code"; times; echo end; } >"$dir/exit"
echo ended >&3
exit "$code"
`;

export interface EnterScript {
  readonly workingDir: string;
  /** Name of the step's variable → name under which this process passes its value. */
  readonly variables: ReadonlyMap<string, string>;
  readonly argv: readonly string[];
  /** Words before the step's own. */
  readonly before?: string;
  /** Lines run first. */
  readonly prelude?: string;
  /** The step's own program, where `argv` begins with one of ours. */
  readonly program?: string | undefined;
}

/** What is said of a program that is nowhere on the step's PATH; the last line of its stderr then. */
export const notFoundLine = (program: string): string =>
  `exec: "${program}": executable file not found in $PATH`;

/** What the shell that waits in a sandbox is told to become: the same, with the values themselves in place of carriers. */
export function sandboxProgram(
  env: ReadonlyMap<string, string>,
  options: Pick<EnterScript, "workingDir" | "argv" | "prelude">,
): string {
  const carriers = [...env.values()].map((value, index) => `SLUICE_ENV_${index}=${shellQuote(value)}\n`);
  const variables = new Map([...env.keys()].map((name, index) => [name, `SLUICE_ENV_${index}`]));
  return `${carriers.join("")}${enterScript({ ...options, variables, before: "</dev/null" })}`;
}

/**
 * The last thing before the step's own command, run inside its isolation. Values of variables come through the
 * environment under neutral names: they never touch the disk, and a name that the dynamic loader or a shell obeys
 * (LD_PRELOAD, ENV) has no power over the programs that set the sandbox up.
 */
export function enterScript(options: EnterScript): string {
  const { workingDir, variables, argv, before = "", prelude = "", program = argv[0] ?? "" } = options;
  const dir = shellQuote(workingDir);
  const lines = [`cd -- ${dir} 2>/dev/null || { mkdir -p -- ${dir} && cd -- ${dir}; } || exit 126`];
  const odd: string[] = [];
  for (const [name, carrier] of variables) {
    // A name that is no shell identifier (Kubernetes allows dots and dashes) goes round the shell by `env`.
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) lines.push(`export ${name}="$${carrier}"`);
    else odd.push(`${shellQuote(name)}="$${carrier}"`);
  }
  if (program !== "" && !program.includes("/"))
    lines.push(
      `command -v -- ${shellQuote(program)} >/dev/null 2>&1 || { printf '%s\\n' ${shellQuote(notFoundLine(program))} >&2; exit 127; }`,
    );
  const carriers = [...variables.values()];
  const words = argv.map(shellQuote).join(" ");
  if (odd.length > 0)
    lines.push(`exec ${before} env ${carriers.map((c) => `-u ${c}`).join(" ")} ${odd.join(" ")} ${words}`);
  else {
    if (carriers.length > 0) lines.push(`unset ${carriers.join(" ")}`);
    lines.push(`exec ${before} ${words}`);
  }
  return `${prelude}${lines.join("\n")}\n`;
}

/**
 * Puts input artifacts at their paths, as the step sees them; a folder's content goes into one that is there already.
 * What was copied is removed from where it came.
 */
export function inputsScript(
  inputs: readonly { readonly source: string; readonly target: string }[],
): string {
  return inputs
    .map(({ source, target }) => {
      const [from, to, folder] = [source, target, posix.dirname(target)].map(shellQuote);
      return `mkdir -p -- ${folder} || exit 125
if [ -d ${from} ] && ! [ -L ${from} ]; then mkdir -p -- ${to} && cp -a -- ${from}/. ${to}/; else cp -a -- ${from} ${to}; fi || exit 125
rm -rf -- ${from}
`;
    })
    .join("");
}

/**
 * Makes a raw tar of what lies at each path: `<n>.tar` of `outDir`; with `<n>.failed` beside it, it is not whole.
 * A path that is a link is followed, once, as the step sees it.
 */
export function packScript(paths: readonly string[], outDir: string, maxBytes: number): string {
  return paths
    .map((path, index) => {
      const to = shellQuote(`${outDir}/${index}`);
      return `path=${shellQuote(path)}
if [ -L "$path" ]; then path=$(readlink -f -- "$path"); fi
if [ -e "$path" ]; then
{ tar -C "$(dirname -- "$path")" -cf - -- "$(basename -- "$path")" 2>${to}.said || { [ "$?" -gt 1 ] && mv ${to}.said ${to}.failed; }; } | head -c ${maxBytes} >${to}.tar
fi
`;
    })
    .join("");
}

/** Copies the files of output parameters, as the step sees them, to numbered files of `outDir`. */
export function collectScript(paths: readonly string[], outDir: string, maxBytes: number): string {
  return paths
    .map((path, index) => {
      const from = shellQuote(path);
      const to = shellQuote(`${outDir}/${index}`);
      return `[ -f ${from} ] && timeout 30 head -c ${maxBytes} -- ${from} >${to}\n`;
    })
    .join("");
}
