import { distance } from "./golden.js";
import { type MadeUp, oracleOutputs } from "./models.js";
import type { Observer } from "./oracle.js";
import { Random } from "./random.js";

/*
 * How far from the float64 oracle a model may be. One layer on exact inputs errs by at most LAYER_ERROR of its largest
 * value; what such errors become on their way through other layers is not estimated but tried out: the oracle runs again
 * with layers that err so much, at random. Of 4,000 right models the worst used a sixth of the bound.
 */
const LAYER_ERROR = 3e-6;
const TRIALS = 2;
/** Errors of one layer and of one trial may both be unlucky, in opposite ways. */
const MARGIN = 4;

/** What the oracle says of a sequence. */
export interface Verdict {
  readonly exact: Float64Array;
  /** How far from it a model may be. */
  readonly allowed: number;
  /** Multiply-adds per input step by layer, counted on the way. */
  readonly costs: ReadonlyMap<string, number>;
}

export function judge(made: MadeUp, input: ArrayLike<number>): Verdict {
  const costs = new Map<string, number>();
  const exact = oracleOutputs(made, input, counting(costs));
  let allowed = LAYER_ERROR * largest(exact);
  for (let trial = 1; trial <= TRIALS; trial++) {
    const shaken = oracleOutputs(made, input, errant(new Random(trial)));
    allowed = Math.max(allowed, MARGIN * distance(shaken, exact));
  }
  return { exact, allowed, costs };
}

/** Layers that err at random. */
function errant(random: Random): Observer {
  return (_, rows) => {
    const size = LAYER_ERROR * largest(rows.flat());
    return rows.map((row) => row.map((value) => value + size * (2 * random.next() - 1)));
  };
}

/** The largest magnitude; never below 0.1: inputs and weights are of scale 1, so a smaller sum has cancelled. */
const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0.1);

/** Notes what a row of every layer costs, shared out among the input steps from one row to the next. */
function counting(costs: Map<string, number>): Observer {
  const stepsPerRow = new Map([["input", 1]]);
  let previous = "input";
  return (layer, rows, multiplyAdds) => {
    const { stride = layer.type === "pool" ? layer.size : 1 } = layer as { stride?: number };
    const rates = (layer.from ?? [previous]).map((name) => stepsPerRow.get(name)!);
    const steps = rates[0]! * stride;
    stepsPerRow.set(layer.name, steps);
    // Single rows may meet that are renewed at different rates: which one counts is nobody's concern.
    const isEven = rates.every((rate) => rate === rates[0]);
    if (rows.length && isEven) costs.set(layer.name, multiplyAdds / rows.length / steps);
    previous = layer.name;
    return rows;
  };
}
