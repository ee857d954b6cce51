import { LmuError } from "../../errors.js";
import type { KerasLayer } from "./config.js";
import type { LayerWeights } from "./layer-weights.js";
import type { Reference } from "./references.js";

/** A call of a layer that has not been imported yet. */
export interface WaitingCall {
  readonly layer: KerasLayer;
  readonly own: LayerWeights;
  readonly from: readonly Reference[];
  readonly key: string;
}

/**
 * Calls in an order in which each has its inputs: they stand in no useful one when layers are shared. Every call waits
 * for one missing input at a time, so that each is looked for twice at most.
 *
 * @param made - outputs that there are; whoever takes a call adds its own before the next
 */
export function* inOrder(
  calls: readonly WaitingCall[],
  made: Pick<ReadonlyMap<Reference, unknown>, "has">,
): Generator<WaitingCall> {
  const waiting = new Map<Reference, { readonly call: WaitingCall; next: number }[]>();
  let left = calls.length;
  const ready = calls.map((call) => ({ call, next: 0 })).reverse();
  while (ready.length) {
    const state = ready.pop()!;
    const { call } = state;
    while (state.next < call.from.length && made.has(call.from[state.next]!)) state.next++;
    const missing = call.from[state.next];
    if (missing !== undefined) {
      const others = waiting.get(missing);
      if (others) others.push(state);
      else waiting.set(missing, [state]);
      continue;
    }
    yield call;
    left--;
    ready.push(...(waiting.get(call.key)?.reverse() ?? []));
    waiting.delete(call.key);
  }
  if (left === 0) return;
  const [first] = waiting.values().next().value!;
  throw new LmuError(
    "format-invalid",
    `Cannot load the model: layer ${first!.call.layer.name} never gets its input`,
  );
}
