// The program of a step of several containers: a POSIX shell inside the step's isolation that begins each container when
// those before it have ended well, and ends with the step's exit code. It outlives us like the step itself.
import { enterScript, shellQuote } from "../step/shell-scripts.ts";
import type { Crew, Member } from "./crew.ts";

export interface ScriptedMember extends Member {
  readonly argv: readonly string[];
  readonly workingDir: string;
  /** Name of its variable → name under which the crew's environment passes the value. */
  readonly variables: ReadonlyMap<string, string>;
}

export interface CrewScript extends Pick<Crew, "retries" | "pauseMs"> {
  readonly members: readonly ScriptedMember[];
  /** Folder for output and ends, as the step sees it. */
  readonly outDir: string;
  /** Ms that containers beside the main one have to end after it. */
  readonly graceMs: number;
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

/** Names of a member's files in the out folder. */
export const memberFiles = (index: number) => ({
  begun: `c${index}.begun`,
  end: `c${index}.end`,
  stdout: `c${index}.out`,
  stderr: `c${index}.err`,
});

/** The one whose output is the step's own. */
export const isMain = ({ name }: Pick<Member, "name">): boolean => name === "main";

/** The order in which exit codes count: the main container's before all. */
export const byWeight = (members: readonly Member[]): readonly number[] =>
  members
    .map((_, index) => index)
    .toSorted((a, b) => Number(isMain(members[b] as Member)) - Number(isMain(members[a] as Member)));

/**
 * Ends of containers come through a pipe without a name (fd 3), one line each. TERM is handed on to every container;
 * one that is told to end is not begun again. What still runs when this ends is killed by the supervisor.
 */
export function crewScript(crew: CrewScript): string {
  const { members } = crew;
  const carriers = members.flatMap(({ variables }) => [...variables.values()]);
  return `out=${shellQuote(crew.outDir)}
mkfifo "$out/ends" && exec 3<>"$out/ends" && rm "$out/ends" || exit 125
pids= left=0 begun=0 stopping=
trap 'stopping=1; for pid in $pids; do kill -s TERM "$pid"; done' TERM
${members.map((member, index) => functionOf(member, index, carriers)).join("")}runner() {
  child= halted= tries=$2
  trap 'halted=1; [ -z "$child" ] || kill -s TERM "$child"' TERM
  while :; do
    ("c$1") 3>&- &
    child=$!
    [ -z "$halted" ] || kill -s TERM "$child"
    while :; do wait "$child"; code=$?; kill -s 0 "$child" 2>/dev/null || break; done
    { [ "$code" = 0 ] || [ "$tries" -le 0 ] || [ -n "$halted" ]; } && break
    tries=$((tries - 1))
    sleep ${seconds(crew.pauseMs)} 3>&- & child=$!
    wait "$child"
    [ -z "$halted" ] || break
  done
  echo "$code" >"$out/c$1.end"
  echo "$1 $code" >&3
}
begin() {
  [ -z "$stopping" ] || return 0
  : >"$out/c$1.begun"
  left=$((left + 1)) begun=$((begun + 1))
  if [ "$1" = ${members.findIndex(isMain)} ]; then runner "$1" "$2" &
  else runner "$1" "$2" >"$out/c$1.out" 2>"$out/c$1.err" &
  fi
  pids="$pids $!"
  eval "pid$1=$!"
}
well() {
  case $1 in
${members.map((_, index) => wellCase(crew, index)).join("")}  *) : ;;
  esac
}
${members.map((member, index) => `need${index}=${member.after.length}\n`).join("")}${members
  .map((member, index) => (member.after.length === 0 ? beginLine(crew, index) : ""))
  .join("")}while [ "$left" -gt 0 ]; do
  read -r index code <&3 || continue
  [ "$index" = over ] && break
  left=$((left - 1))
  eval "code$index=$code"
  [ "$code" = 0 ] && well "$index"
${mainEnd(crew)}done
${endOf(crew)}`;
}

function functionOf(member: ScriptedMember, index: number, carriers: readonly string[]): string {
  const own = new Set(member.variables.values());
  const others = carriers.filter((carrier) => !own.has(carrier));
  const drop = others.length === 0 ? "" : `unset ${others.join(" ")}\n`;
  return `c${index}() {\ntrap - TERM\n${drop}${enterScript(member)}}\n`;
}

const beginLine = ({ members, retries }: CrewScript, index: number): string =>
  `begin ${index} ${members[index]?.role === "set" ? retries : 0}\n`;

/** What may begin now that this one has ended well. */
function wellCase(crew: CrewScript, index: number): string {
  const lines = crew.members.flatMap(({ after }, other) => {
    const times = after.filter((on) => on === index).length;
    return times === 0
      ? []
      : [
          `    need${other}=$((need${other} - ${times})); [ "$need${other}" -gt 0 ] || ${beginLine(crew, other)}`,
        ];
  });
  return lines.length === 0 ? "" : `  ${index})\n${lines.join("")}    ;;\n`;
}

/** With the main container all that runs beside it ends, too; so it does when one before it has failed. */
function mainEnd({ members, graceMs }: CrewScript): string {
  const of = (wanted: Member["role"]) =>
    members.flatMap(({ role }, index) => (role === wanted ? [index] : []));
  const sides = of("side");
  if (sides.length === 0) return "";
  const inits = of("init").map((index) => `    ${index}) over=$code ;;\n`);
  const pids = sides.map((index) => `"\${pid${index}:-}"`).join(" ");
  return `  over=0
  case $index in
    ${of("main").join("|")}) over=1 ;;
${inits.join("")}  esac
  if [ "$over" != 0 ]; then
    stopping=1
    for pid in ${pids}; do [ -z "$pid" ] || kill -s TERM "$pid" 2>/dev/null; done
    { sleep ${seconds(graceMs)}; echo "over 0" >&3; } &
  fi
`;
}

/** The first exit code that counts. A container beside the main one that had to be killed has not failed. */
function endOf({ members }: CrewScript): string {
  const lines = byWeight(members).map((index) => {
    const isSide = members[index]?.role === "side";
    return `case \${code${index}:-0} in ${isSide ? "0|137|143" : "0"}) ;; *) exit "$code${index}" ;; esac\n`;
  });
  // All that began went well; those that never did were told to stop before.
  return `${lines.join("")}[ "$begun" = ${members.length} ] || exit 143\nexit 0\n`;
}
