// The POSIX sh programs that stand between this process and a step. They outlive us, so they are kept small: no
// program but the shell itself, util-linux and the step runs in the usual case. The claim (F1) comes before anything of
// the step, through the step's door, which leads nowhere for who comes late (F5); the shell's own messages about signals
// are not the step's.
import { shellQuote } from "../step/shell-scripts.ts";

/** Exit code of a supervisor that found the step claimed by another, or no door: the step is not its own. */
export const claimTakenExitCode = 199;

/** Runs a container engine's client. Name: the step's door. Arguments: the client's words. Working folder: the step's. */
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
{ printf 'exit %s\\n' "$code"; echo end; } >exit
`;

/**
 * Process 1 of a namespace sandbox, and the supervisor of the step in it. It stays outside the new root; when it ends,
 * the kernel kills all that is left of the step. Working folder: the box. Arguments: the box's name, then the words
 * that enter the sandbox. It gets the box ready, with a shell waiting inside, and then reads from its gate, between the
 * lines "open <box>" and "shut <box>": the step's door, its host name, and the program for that shell, which executes
 * nothing before it has the last line. What is meant for another box is passed over; when the gate closes before the
 * end (who should say is gone), it ends.
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
  while IFS= read -r line || exit; do [ "$line" = "open $box" ] && break; done
  IFS= read -r dir && IFS= read -r name || exit
  echo '{'
  while IFS= read -r line || exit; do [ "$line" = "shut $box" ] && break; printf '%s\\n' "$line"; done
  set -C
  printf '%s %s %s\\n' "$boot" "$stat" "$box" >"$dir/claim" || exit
  set +C
  printf '%s' "$name" >/proc/sys/kernel/hostname
  printf '%s\\n' "$dir" >started
  echo '}'
} | "$@" /bin/sh 2>&4 3>&- 4>&-
code=$?
IFS= read -r dir <started || exit ${claimTakenExitCode}
if [ -e staging/collect ]; then "$@" /bin/sh /argo/staging/collect </dev/null >/dev/null 3>&- 4>&-; fi
[ "$$" = 1 ] && kill -s KILL -- -1
{ printf 'exit %s\\n' "$code"; echo end; } >"$dir/exit"
echo ended >&3
exit "$code"
`;

/** What a box is told when its step is due. */
export const gateText = (box: string, door: string, host: string, program: string): string =>
  `open ${box}\n${door}\n${host}\n${program}\nshut ${box}\n`;

/**
 * What the shells know that start steps (shell.ts).
 *
 * `supervise DOOR STEP PROGRAM` runs a step as a plain process. The program makes a session of its own (`setsid`), so
 * that what the step does to its process group does not reach the supervisor; `started` keeps the number of that group,
 * which is ended with its first process. The supervisor is the function's own process, which outlives its shell.
 *
 * `sandbox BOX WORDS…` runs the words that make a sandbox and its process 1, whose program `$init` is; its gate is the
 * shell's side channel.
 *
 * `remove FOLDER NAMES…` removes what is in a folder, at a low priority. A folder of a step that is not root's may hold
 * folders without any permission, such as an overlay's inner one.
 */
export const stepFunctions = `IFS= read -r boot </proc/sys/kernel/random/boot_id
init=${shellQuote(initScript)}
supervise() (
  cd -- "$1" || exit ${claimTakenExitCode}
  exec </dev/null >>stdout 4>>stderr 2>/dev/null 3>&-
  export SLUICE_STEP="$2"
  IFS= read -r stat </proc/self/stat
  set -C
  printf '%s %s\\n' "$boot" "$stat" >"$1/claim" || exit ${claimTakenExitCode}
  set +C
  (IFS=' ' read -r self _ </proc/self/stat; echo "$self" >started; exec 2>&4 4>&-; eval "$3")
  code=$?
  IFS= read -r group <started && kill -s KILL -- "-$group"
  if [ -e staging/collect ]; then /bin/sh staging/collect >/dev/null; fi
  { printf 'exit %s\\n' "$code"; echo end; } >exit
)
sandbox() (
  cd -- "$1" || exit 125
  shift
  exec "$@" <&3 >>stdout 2>>stderr
)
remove() (
  cd -- "$1" || exit 125
  shift
  exec </dev/null >/dev/null 2>&1 3>&-
  nice rm -rf -- "$@" || { chmod -R u+rwx -- "$@"; rm -rf -- "$@"; }
)
`;

/** The command that runs a step as a plain process. */
export const superviseCommand = (door: string, stepId: string, program: string): string =>
  ["supervise", ...[door, stepId, program].map(shellQuote)].join(" ");

/** The command that sets a box up: `unshare` makes its namespaces, `enter` leads into it. */
export const sandboxCommand = (
  box: { readonly dir: string; readonly name: string },
  words: { readonly unshare: readonly string[]; readonly enter: readonly string[] },
): string =>
  [
    "sandbox",
    ...[box.dir, ...words.unshare, "/bin/sh", "-c"].map(shellQuote),
    '"$init"',
    ...["init", box.name, ...words.enter].map(shellQuote),
  ].join(" ");

export const removeCommand = (folder: string, names: readonly string[]): string =>
  ["remove", ...[folder, ...names].map(shellQuote)].join(" ");
