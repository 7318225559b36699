import { lateKeyOf } from "../../definitions/config-maps.ts";
import type { AnswerFact, Remembered } from "../../facts.ts";
import { bindCall, failCall } from "../call.ts";
import type { Gate } from "../state/frames.ts";
import type { Run } from "../state/run.ts";
import { endNode } from "../state/tree.ts";
import { runAnswered } from "./admission.ts";
import { giveBack, takeAsk } from "./books.ts";
import { askCache, begin } from "./gate.ts";

/** The world answered an ask; an answer that is not awaited changes nothing. */
export function answered(run: Run, fact: AnswerFact): void {
  switch (fact.type) {
    case "locked": {
      const ask = takeAsk(run, fact.ask, "locks");
      if (ask === undefined) return;
      run.locks.set(ask.id, { locks: ask.locks, fences: fact.fences });
      if (ask.gate === undefined) {
        runAnswered(run);
        return;
      }
      delete ask.gate.node?.message;
      askCache(run, ask.gate);
      return;
    }
    case "remembered": {
      const ask = takeAsk(run, fact.ask, "memo");
      if (ask === undefined) return;
      if (fact.hit === undefined) begin(run, ask.gate);
      else recall(run, ask.gate, fact.hit);
      return;
    }
    case "configured": {
      const ask = takeAsk(run, fact.ask, "config");
      if (ask === undefined) return;
      run.lateKeys.set(lateKeyOf(ask.key), fact.map);
      for (const call of ask.calls) bindCall(run, call);
      return;
    }
    case "denied": {
      const ask = run.asks.get(fact.ask);
      if (ask === undefined) return;
      giveBack(run, ask.id);
      if (ask.kind === "config") {
        for (const call of ask.calls) failCall(run, call, fact.message);
        return;
      }
      if (ask.gate === undefined) runAnswered(run, fact.message);
      else failCall(run, ask.gate.call, fact.message);
      return;
    }
  }
}

/** The call is not carried out: its outputs are those of the entry. */
function recall(run: Run, { call, node }: Gate, hit: NonNullable<Remembered["hit"]>): void {
  if (node === undefined) return;
  if (node.memo !== undefined) node.memo = { ...node.memo, hit: true };
  if (hit.outputs !== undefined) node.outputs = hit.outputs;
  // Nothing is below it: what comes next stands behind the node itself.
  if (node.type === "Steps" || node.type === "DAG") node.outboundNodes = [node.id];
  for (const p of hit.outputs?.parameters ?? [])
    if (p.globalName !== undefined && p.value !== undefined) run.globals.set(p.globalName, p.value);
  endNode(run, node, "Succeeded");
  run.settled.push({ kind: "call", call });
}
