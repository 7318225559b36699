// Small stand-ins for programs that well-known images have and hosts often lack. They come last on a step's PATH, so
// the host's own program wins.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const argosay = `#!/bin/sh
# Says and does small things: echo TEXT [FILE], cat FILE…, sleep SECONDS, exit CODE, assert_contains FILE TEXT, sh …
case "\${1:-}" in
  "") echo "hello argo" ;;
  echo)
    if [ $# -ge 3 ]; then mkdir -p "$(dirname -- "$3")" && printf '%s\\n' "$2" >"$3"; else printf '%s\\n' "\${2:-}"; fi ;;
  cat) shift; exec cat "$@" ;;
  sleep) exec sleep "\${2:-1}" ;;
  exit) exit "\${2:-0}" ;;
  assert_contains)
    grep -qF -- "$3" "$2" || { echo "$2 does not contain $3" >&2; exit 1; } ;;
  sh) shift; exec sh "$@" ;;
  *) echo "argosay: unknown word '$1'" >&2; exit 64 ;;
esac
`;

const cowsay = `#!/bin/sh
# Draws what it is told in a speech bubble over a cow.
text="$*"
[ -n "$text" ] || text=$(cat)
bar=$(printf '%s' "$text" | tr -c '' '-' | tr -s '\\n' '-')
printf ' %s\\n< %s >\\n %s\\n' "--$bar" "$text" "--$bar"
cat <<'COW'
    \\
     \\
      \\   ^__^
          (oo)\\_______
          (__)\\       )\\/\\
              ||----w |
              ||     ||
COW
`;

const python = `#!/bin/sh
exec python3 "$@"
`;

const shims = { argosay, cowsay, python };

/** Writes the shims, once for all steps. */
export function writeShims(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (const [name, text] of Object.entries(shims)) {
    const path = join(dir, name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
}

/** Where a program is on `path`; undefined when it is nowhere. */
export const findProgram = (name: string, path: string): string | undefined =>
  path
    .split(":")
    .filter((dir) => dir.startsWith("/"))
    .map((dir) => join(dir, name))
    .find((file) => existsSync(file));

/** Entrypoints of images that need no container engine to be known: image name without registry and tag → words. */
const knownEntrypoints: Readonly<Record<string, readonly string[]>> = {
  argosay: ["argosay"],
  curl: ["curl"],
};

/** Commands of images without an entrypoint, used when neither command nor arguments are given. */
const knownCommands: Readonly<Record<string, readonly string[]>> = {
  python: ["python"],
  bash: ["bash"],
  busybox: ["sh"],
  alpine: ["sh"],
  whalesay: ["cowsay"],
  nginx: ["nginx", "-g", "daemon off;"],
  influxdb: ["influxd"],
  redis: ["redis-server"],
};

/** The words that an image runs by itself, where that is known: what `command` would replace. */
export function knownEntrypoint(image: string, hasArgs: boolean): readonly string[] | undefined {
  const name = imageName(image);
  const entrypoint = Object.hasOwn(knownEntrypoints, name) ? knownEntrypoints[name] : undefined;
  if (entrypoint !== undefined) return entrypoint;
  return !hasArgs && Object.hasOwn(knownCommands, name) ? knownCommands[name] : undefined;
}

/** Where such images have their own program, for those who name it by its place. */
const knownPlaces: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  argosay: { "/argosay": "argosay" },
};

/** A command as this machine has it: a program at its place in the image becomes the stand-in of the same name. */
export function standInFor(image: string, command: readonly string[]): readonly string[] {
  const [program = "", ...rest] = command;
  const name = imageName(image);
  const places = Object.hasOwn(knownPlaces, name) ? knownPlaces[name] : undefined;
  const standIn = places !== undefined && Object.hasOwn(places, program) ? places[program] : undefined;
  return standIn === undefined || existsSync(program) ? command : [standIn, ...rest];
}

/** Lines of sh that put such programs at their places, for texts that a shell runs: `sh -c "/argosay echo hi"`. */
export function placesScript(images: readonly string[]): string {
  const places = new Map(
    images
      .map(imageName)
      .flatMap((name) => (Object.hasOwn(knownPlaces, name) ? Object.entries(knownPlaces[name] ?? {}) : [])),
  );
  return [...places]
    .map(([place, standIn]) => `[ -e ${place} ] || ln -s /argo/bin/${standIn} ${place}\n`)
    .join("");
}

/** `docker.io/argoproj/argosay:v2` → `argosay`. */
function imageName(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return last.split(/[:@]/)[0] ?? last;
}
