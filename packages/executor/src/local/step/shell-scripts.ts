// The POSIX sh programs that run inside a step's isolation, before its command and after it.

import { posix } from "node:path";

/** Safe in sh, whatever is in it. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

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

/**
 * The last thing before the step's own command, run inside its isolation, where its values come through the environment
 * under neutral names: they never touch the disk, and a name that the dynamic loader or a shell obeys (LD_PRELOAD, ENV)
 * has no power over the programs that set the sandbox up.
 */
export function enterScript({ variables, ...options }: EnterScript): string {
  const carriers = [...variables.values()];
  const values = new Map([...variables].map(([name, carrier]) => [name, `"$${carrier}"`]));
  return enterWith(values, carriers, options);
}

/** The same for a shell that reads its program from a channel, with the values themselves in place of carriers. */
export function inlineProgram(
  env: ReadonlyMap<string, string>,
  options: Omit<EnterScript, "variables">,
): string {
  return enterWith(new Map([...env].map(([name, value]) => [name, shellQuote(value)])), [], options);
}

/** `values`: by variable, a word of the shell. */
function enterWith(
  values: ReadonlyMap<string, string>,
  carriers: readonly string[],
  options: Omit<EnterScript, "variables">,
): string {
  const { workingDir, argv, before = "", prelude = "", program = argv[0] ?? "" } = options;
  const dir = shellQuote(workingDir);
  const lines = [`cd -- ${dir} 2>/dev/null || { mkdir -p -- ${dir} && cd -- ${dir}; } || exit 126`];
  const odd: string[] = [];
  for (const [name, value] of values) {
    // A name that is no shell identifier (Kubernetes allows dots and dashes) goes round the shell by `env`.
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) lines.push(`export ${name}=${value}`);
    else odd.push(`${shellQuote(name)}=${value}`);
  }
  if (program !== "" && !program.includes("/"))
    lines.push(
      `command -v -- ${shellQuote(program)} >/dev/null 2>&1 || { printf '%s\\n' ${shellQuote(notFoundLine(program))} >&2; exit 127; }`,
    );
  const words = argv.map(shellQuote).join(" ");
  if (odd.length > 0)
    lines.push(`exec ${before} env ${carriers.map((c) => `-u ${c}`).join(" ")} ${odd.join(" ")} ${words}`);
  else {
    if (carriers.length > 0) lines.push(`unset ${carriers.join(" ")}`);
    lines.push(`exec ${before} ${words}`);
  }
  return `${prelude}${lines.join("\n")}
`;
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
