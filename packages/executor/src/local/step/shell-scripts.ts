// The POSIX sh programs that stand between this process and a step. They outlive us, so they are kept small: no
// program but the shell itself, util-linux and the step runs in the usual case.

/** Safe in sh, whatever is in it. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Exit code of a supervisor that found the step claimed by another: the step is not its own. */
export const claimTakenExitCode = 199;

/**
 * Arguments: the command that runs the step. Working folder: the step's.
 * The claim (F1) comes before anything else; the shell's own messages about signals go to a log beside the step's.
 */
export const supervisorScript = `exec </dev/null 2>>supervisor.log
IFS= read -r boot </proc/sys/kernel/random/boot_id
IFS= read -r stat </proc/self/stat
set -C
printf '%s %s\\n' "$boot" "$stat" >claim || exit ${claimTakenExitCode}
set +C
"$@" >>stdout 2>>stderr
code=$?
if [ -e code ]; then read -r code <code; fi
if [ -e after ]; then /bin/sh ./after; fi
if [ ! -e failed ]; then { printf 'exit %s\\n' "$code"; times; echo end; } >exit; fi
`;

/**
 * Process 1 of a namespace sandbox; it stays outside the new root, with what it needs to set it up. When it ends, the
 * kernel kills all that is left of the step. It leaves the exit code in a file, since `unshare` says 1 when its child
 * was killed; until then the file says "killed". Arguments: the words that enter the sandbox.
 */
export const initScript = `exec 3>&2 2>>setup.log
mount -a -T fstab >>setup.log || { : >failed; exit 125; }
IFS= read -r name <hostname && printf '%s' "$name" >/proc/sys/kernel/hostname
echo 137 >code
: >started
"$@" /bin/sh /argo/staging/enter 2>&3 3>&-
code=$?
if [ -e staging/collect ]; then "$@" /bin/sh /argo/staging/collect >/dev/null 3>&-; fi
echo "$code" >code
`;

/** As a plain process: a session of its own, so that it can be signalled as a group. Argument: the enter script. */
export const plainScript = `: >started
setsid /bin/sh "$1"
code=$?
if [ -e staging/collect ]; then /bin/sh staging/collect >/dev/null 2>&1; fi
exit "$code"
`;

export interface EnterScript {
  readonly workingDir: string;
  /** Name of the step's variable → name under which this process passes its value. */
  readonly variables: ReadonlyMap<string, string>;
  readonly argv: readonly string[];
}

/**
 * The last thing before the step's own command, run inside its isolation. Values of variables come through the
 * environment under neutral names: they never touch the disk, and a name that the dynamic loader or a shell obeys
 * (LD_PRELOAD, ENV) has no power over the programs that set the sandbox up.
 */
export function enterScript({ workingDir, variables, argv }: EnterScript): string {
  const lines = [
    `cd -- ${shellQuote(workingDir)} 2>/dev/null || { mkdir -p -- ${shellQuote(workingDir)} && cd -- ${shellQuote(workingDir)}; } || exit 126`,
  ];
  const odd: string[] = [];
  for (const [name, carrier] of variables) {
    // A name that is no shell identifier (Kubernetes allows dots and dashes) goes round the shell by `env`.
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) lines.push(`export ${name}="$${carrier}"`);
    else odd.push(`${shellQuote(name)}="$${carrier}"`);
  }
  const carriers = [...variables.values()];
  const words = argv.map(shellQuote).join(" ");
  if (odd.length > 0)
    lines.push(`exec env ${carriers.map((c) => `-u ${c}`).join(" ")} ${odd.join(" ")} ${words}`);
  else {
    if (carriers.length > 0) lines.push(`unset ${carriers.join(" ")}`);
    lines.push(`exec ${words}`);
  }
  return `${lines.join("\n")}\n`;
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
