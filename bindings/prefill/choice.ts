import { convolvedCost, crossingCost, exactCost, log2, projectedCost, type Sizes } from "./cost.js";

/** How a memory takes many steps at once. */
export interface Choice {
  readonly form: "boundary" | "projection" | "convolution";
  /** L: steps from state to state. */
  readonly chunk: number;
  /** B and K of a convolution. */
  readonly block: number;
  readonly parts: number;
  readonly multiplyAdds: number;
  /** Of its tables. */
  readonly floats: number;
  /** Steps of a call from which it pays. */
  readonly least: number;
}

/** A form must do so much less than the steps: its products are smaller, and rows are copied. */
const WORTH = 0.8;

/** Floats of tables that a layer may ask for: 16 MB. */
const MAX_FLOATS = 2 ** 22;

/** Orders beyond take seconds to prepare: order³ for each doubling of a chunk. */
const MAX_ORDER = 512;

/** Steps of the longest block: a transform of twice as many takes 32 KB, and must stay in the nearest cache. */
const MAX_BLOCK = 512;

/** Steps that the taps of a given matrix are made for, whose window nobody knows. */
const UNKNOWN_REACH = 1024;

/**
 * Steps, in windows, after which less than 1e-8 of an input is left in a memory of order 2^i or more: found by adding up what
 * is left, |Ā^j B̄| over all j from there on.
 */
const REACHES = [18.5, 9.4, 5.9, 4.3, 3.3, 2.65, 2.2, 1.9, 1.67, 1.5, 1.4, 1.3];

/** Steps that the taps of a memory reach back. */
export function reachOf(order: number, theta = UNKNOWN_REACH / 2): number {
  return Math.ceil(theta * REACHES[31 - Math.clz32(order)]!);
}

/**
 * The form that does least, or none if steps do no more.
 *
 * @param isNewest - only the last state is wanted
 * @param theta - the window in steps, if it is known
 */
export function choose(
  sizes: Sizes,
  isNewest: boolean,
  canProject: boolean,
  canConvolve: boolean,
  theta: number | undefined,
): Choice | undefined {
  const exact = exactCost(isNewest ? { ...sizes, outputs: 0 } : sizes);
  const choices = [
    ...(isNewest ? [boundary(sizes)] : []),
    ...(canProject ? projections(sizes) : []),
    ...(canConvolve && !isNewest ? convolutions(sizes, theta, exact) : []),
  ].filter(({ multiplyAdds, floats }) => multiplyAdds < WORTH * exact && floats <= MAX_FLOATS);
  if (sizes.order > MAX_ORDER) return undefined;
  return choices.sort((a, b) => a.multiplyAdds - b.multiplyAdds)[0];
}

const NO_BLOCKS = { block: 0, parts: 0 };

function boundary(sizes: Sizes): Choice {
  const chunk = chunkFor(sizes.order);
  const floats = tableFloats(sizes, chunk, 0);
  const multiplyAdds = crossingCost(sizes, chunk);
  return { form: "boundary", chunk, ...NO_BLOCKS, multiplyAdds, floats, least: chunk };
}

function projections(sizes: Sizes): Choice[] {
  return [4, 8, 16, 32].map((chunk) => {
    const columns = sizes.isShared ? 1 : sizes.channels;
    const floats = tableFloats(sizes, chunk, sizes.outputs * columns);
    const multiplyAdds = projectedCost(sizes, chunk);
    return { form: "projection", chunk, ...NO_BLOCKS, multiplyAdds, floats, least: 2 * chunk };
  });
}

/** Of matrices that take (order + L) columns to the state, and to outputs of each step. */
function tableFloats({ order }: Sizes, L: number, outputs: number): number {
  return (order + L) * (order + L * outputs);
}

function convolutions(sizes: Sizes, theta: number | undefined, exact: number): Choice[] {
  const chunk = chunkFor(sizes.order);
  const inputs = sizes.isShared ? 1 : sizes.channels;
  const reach = reachOf(sizes.order, theta);
  const choices: Choice[] = [];
  for (let block = 16; block <= MAX_BLOCK; block *= 2) {
    const parts = Math.ceil(reach / block);
    const ofTaps = Math.ceil(sizes.outputs / 8) * 16 * block * parts * inputs;
    const floats = tableFloats(sizes, chunk, 0) + ofTaps;
    const multiplyAdds = convolvedCost(sizes, chunk, block, parts);
    const least = Math.ceil((block * multiplyAdds) / exact);
    choices.push({ form: "convolution", chunk, block, parts, multiplyAdds, floats, least });
  }
  return choices;
}

/** A power of two near the order: the state then costs some two orders a step, and few steps are left over. */
function chunkFor(order: number): number {
  return Math.min(64, Math.max(8, 2 ** log2(order)));
}
