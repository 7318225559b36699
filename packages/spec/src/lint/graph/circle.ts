/** Names that each name waits for. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** One circle: what waits for nothing is taken away, again and again; what remains holds one. Linear in the edges. */
export function circleIn(graph: Graph): readonly string[] | undefined {
  const waiting = new Map([...graph].map(([name, needs]) => [name, new Set(needs).size]));
  const dependants = new Map<string, string[]>();
  for (const [name, needs] of graph) {
    for (const need of new Set(needs)) {
      const known = dependants.get(need);
      if (known === undefined) dependants.set(need, [name]);
      else known.push(name);
    }
  }
  const free = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waiting.delete(name);
    for (const next of dependants.get(name) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) free.push(next);
    }
  }
  const [start] = waiting.keys();
  return start === undefined ? undefined : circleFrom(start, graph, waiting);
}

function circleFrom(start: string, graph: Graph, waiting: ReadonlyMap<string, number>): readonly string[] {
  const trail = [start];
  const seen = new Map([[start, 0]]);
  for (let here = start; ; ) {
    const next = (graph.get(here) ?? []).find((need) => waiting.has(need));
    if (next === undefined) return trail;
    const before = seen.get(next);
    if (before !== undefined) return [...trail.slice(before), next];
    seen.set(next, trail.length);
    trail.push(next);
    here = next;
  }
}
