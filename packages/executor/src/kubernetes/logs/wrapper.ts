// The shell text that runs a step's command where the plain container is not enough: it writes the script, keeps stdout
// for the result, prints what the command says of its progress, and after the end output files, into the log as marked lines
// (see frames.ts).
import { progressTickMs } from "@sluice/engine";
import { resultMaxBytes } from "./frames.ts";

/** Mounted empty into the pod where the wrapper runs. */
export const scratchDir = "/var/run/sluice";
export const stagingDir = "/argo/staging";
export const scriptPath = `${stagingDir}/script`;
/** Where the command says how far it is. */
export const progressPath = `${scratchDir}/progress`;
export const scriptVariable = "SLUICE_SCRIPT";

/** An environment string may have 128 kB on Linux, its name and '=' included. */
export const scriptMaxBytes = 100_000;
/** All output files of a step together; they travel through the pod's log. */
export const outputsMaxBytes = 1_000_000;

export interface Wrapping {
  /** Begins every line of ours; not guessable. */
  readonly mark: string;
  readonly script: boolean;
  readonly captureResult: boolean;
  /** Whether its word of its progress is looked for while it runs. */
  readonly progress: boolean;
  readonly outputPaths: readonly string[];
}

/** The wrapper's text; its arguments are the step's command. Exit code and signals are the command's own. */
export function wrapperText(wrapping: Wrapping): string {
  return [
    `M=${quote(wrapping.mark)}; s=${scratchDir}; left=${outputsMaxBytes}; p=; t=; k=`,
    ...(wrapping.script ? writeScript : []),
    // Before the start, so that no signal falls between; PID 1 has no default reaction to any.
    ...["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"].map(
      (name) => `trap 'k=1; [ -z "$p" ] || kill -${name} $p 2>/dev/null' ${name}`,
    ),
    ...(wrapping.captureResult ? startCaptured : [`"$@" <&0 & p=$!`]),
    ...(wrapping.progress ? sayProgress : []),
    // A trapped signal ends `wait` early; what counts is that the command is gone.
    "wait $p; c=$?",
    "while kill -0 $p 2>/dev/null; do wait $p; c=$?; done",
    // Whatever the command left behind may hold its stdout open; a stopped step does not wait for that.
    `[ -z "$t" ] || [ -n "$k" ] || wait $t`,
    ...(wrapping.progress ? ["kill $w 2>/dev/null; said"] : []),
    ...functions,
    `printf '\\n%sbegin %s\\n' "$M" "$c"`,
    ...(wrapping.captureResult ? [`[ -z "$t" ] || result`] : []),
    ...wrapping.outputPaths.map((path, index) => `file ${index} ${quote(path)}`),
    `printf '%send\\n' "$M"`,
    "exit $c",
  ].join("\n");
}

const writeScript = [
  `printf %s "$${scriptVariable}" >${scriptPath} && chmod 755 ${scriptPath} || exit 126`,
  `unset ${scriptVariable}; set -- "$@" ${scriptPath}`,
];

const startCaptured = [
  'if command -v tee >/dev/null 2>&1 && mkfifo "$s/pipe" 2>/dev/null; then',
  '  tee "$s/stdout" <"$s/pipe" & t=$!',
  '  "$@" <&0 >"$s/pipe" & p=$!',
  "else",
  '  "$@" <&0 & p=$!',
  "fi",
];

/** A line of the command's that has no end yet is cut in two by it, and so it is printed only when it changed. */
const sayProgress = [
  "said() {",
  `  n=$(tail -n 1 ${progressPath} 2>/dev/null); [ "$n" != "$o" ] || return 0`,
  `  o=$n; printf '\\n%sprogress %s\\n' "$M" "$n"`,
  "}",
  `o=; { while sleep ${progressTickMs / 1_000} >/dev/null 2>&1; do said; done; } & w=$!`,
];

const functions = [
  `lines() { while IFS= read -r l || [ -n "$l" ]; do printf '%s%s %s\\n' "$M" "$1" "$l"; done; }`,
  "coded() { if command -v base64 >/dev/null 2>&1; then base64 | lines b; else od -An -v -tx1 | lines x; fi; }",
  `result() { printf '%sresult\\n' "$M"; tail -c ${resultMaxBytes} "$s/stdout" | coded; }`,
  `file() {`,
  `  if [ ! -f "$2" ] || [ ! -r "$2" ]; then printf '%smissing %s\\n' "$M" "$1"; return; fi`,
  `  n=$(wc -c <"$2"); n=$((n))`,
  `  if [ "$n" -gt "$left" ]; then printf '%slarge %s %s\\n' "$M" "$1" "$n"; return; fi`,
  `  left=$((left-n)); printf '%sfile %s %s\\n' "$M" "$1" "$n"; coded <"$2"`,
  "}",
];

/** As one word for the shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Kubernetes expands `$(NAME)` and `$$` in commands, arguments and environment values; this keeps `text` as it is. */
export const unexpanded = (text: string): string => text.replaceAll("$", "$$$$");
