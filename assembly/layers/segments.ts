import { copyVectors } from "../kernels/copy";
import { State } from "../state";
import { Heads } from "./heads";
import { Layer, Plan } from "./layer";

/**
 * Reads a sequence in segments, each by a transformer behind memory tokens, which another one rewrites between two of them
 * (LumenPallidium, thought-and-memory). Holds the records of three parts, in this order:
 *
 *   encoder: memory and all tokens of the segment before, as the transformer left them, to the new memory
 *   context: memory tokens, whose keys and values every token of the segment sees
 *   tokens: rows of the call, as many as are of one segment
 *
 * A segment begins with its first token, not with the end of the one before.
 */
@unmanaged
export class Segments extends Layer {
  input: usize = 0; // f32[rows][stride / 4]
  tokenRows: usize = 0; // f32[rows, or count + length][stride / 4], where the third part reads them
  output: usize = 0; // f32[rows, or count + length][stride / 4], of the last record
  stride: u32 = 0; // bytes
  length: u32 = 0; // tokens of a segment
  count: u32 = 0; // memory tokens
  memory: u32 = 0; // offset in the state, f32[count][stride / 4]
  past: u32 = 0; // offset in the state of output rows of the segment, f32[length][stride / 4]
  tokens: usize = 0; // f32[count + 2][stride / 4]: the first memory, and the tokens of a trial of recall
  memoryRows: usize = 0; // f32[count][stride / 4], what encoder and context read
  rewritten: usize = 0; // f32[count][stride / 4], what the encoder gives
  pastRows: usize = 0; // f32[length][stride / 4], what it reads
  memoryClock: u32 = 0;
  pastClock: u32 = 0;
  encoderBytes: u32 = 0; // of its records
  contextBytes: u32 = 0;
  trial: usize = 0; // Trial
}

/** What the host asks for before a call of one stream and no steps, for the losses of the network; 0: nothing. */
@unmanaged
export class Trial {
  encoded: u32 = 0; // rows of the past from which the memory is to be rewritten
  recalled: u32 = 0; // tokens that are to become the past: one that asks for recall, and masked ones; all and the memory see all
}

/** Attention over the rows of a segment, in both directions the less the farther apart they are. */
@unmanaged
export class SegmentAttention extends Layer {
  input: usize = 0; // queries first, f32[rows][inputStride / 4]
  inputStride: u32 = 0; // bytes
  source: usize = 0; // keys and values side by side, f32[rows][sourceStride / 4]
  sourceStride: u32 = 0; // bytes
  sourceClock: u32 = 0; // counts its rows
  output: usize = 0; // f32[rows][outputStride / 4]; 0: keys and values are kept, and that is all
  outputStride: u32 = 0; // bytes
  heads: usize = 0; // Heads
  slopes: usize = 0; // f32[heads]
  cache: u32 = 0; // offset in the state, f32[context + length][2][heads][padded width]
  context: u32 = 0; // rows of the cache before those of tokens
  length: u32 = 0; // tokens of a segment; 0: of something else, whose keys begin the cache and are seen by all
  trial: usize = 0; // Trial
}

/** Tokens of its segment before row t of a call. */
export function placeOf(plan: Plan, s: u32, t: u32, length: u32): u32 {
  const position = changetype<State>(plan.state(s, 0)).position + <f64>t;
  return <u32>(position - floor(position / <f64>length) * <f64>length);
}

/** The memory of the first stream as rows. */
export function takeMemory(layer: Segments, plan: Plan): void {
  copyVectors(layer.memoryRows, plan.state(0, layer.memory), layer.count * layer.stride);
}

/** What the encoder reads, and its clocks. */
export function openEncoder(layer: Segments, plan: Plan, rows: u32): void {
  plan.setRows(layer.pastClock, rows);
  copyVectors(layer.pastRows, plan.state(0, layer.past), rows * layer.stride);
  takeMemory(layer, plan);
}

/** What the encoder gave. */
export function keepMemory(layer: Segments, plan: Plan, rows: usize): void {
  copyVectors(plan.state(0, layer.memory), rows, layer.count * layer.stride);
}

/** Rows of a call for the third part. */
export function takeTokens(layer: Segments, plan: Plan, from: u32, to: u32): void {
  const first = from * plan.streams * layer.stride;
  const bytes = (to - from) * plan.streams * layer.stride;
  copyVectors(layer.tokenRows + first, layer.input + first, bytes);
}

/** Memory and tokens of recall for the third part. */
export function takeRecall(layer: Segments, plan: Plan, rows: u32): void {
  takeMemory(layer, plan);
  const stride = layer.stride;
  const bytes = layer.count * stride;
  copyVectors(layer.tokenRows, layer.memoryRows, bytes);
  for (let t: u32 = 0; t < rows; ++t) {
    const token = layer.tokens + bytes + min(t, 1) * stride;
    copyVectors(layer.tokenRows + bytes + t * stride, token, stride);
  }
}

/** What became of those tokens. */
export function keepRecall(layer: Segments, plan: Plan, rows: u32): void {
  const from = layer.output + layer.count * layer.stride;
  copyVectors(plan.state(0, layer.past), from, rows * layer.stride);
}

/** Keeps rows of the output as the past of their segments. */
export function keepPast(layer: Segments, plan: Plan, from: u32, to: u32): void {
  for (let s: u32 = 0; s < plan.streams; ++s) {
    let past = plan.state(s, layer.past) + placeOf(plan, s, from, layer.length) * layer.stride;
    for (let t = from; t < to; ++t) {
      copyVectors(past, layer.output + (t * plan.streams + s) * layer.stride, layer.stride);
      past += layer.stride;
    }
  }
}

export function runSegmentAttention(layer: SegmentAttention, plan: Plan, from: u32, to: u32): void {
  const heads = changetype<Heads>(layer.heads);
  const rowBytes = 2 * heads.count * heads.padded;
  const inputStep = plan.streams * layer.inputStride;
  const sourceStep = plan.streams * layer.sourceStride;
  const outputStep = plan.streams * layer.outputStride;
  const recalled = changetype<Trial>(layer.trial).recalled;
  const count = layer.length ? to - from : plan.rows(layer.sourceClock);
  for (let s: u32 = 0; s < plan.streams; ++s) {
    const rows = plan.state(s, layer.cache);
    const isCausal = layer.length && !recalled;
    const own = isCausal ? layer.context + placeOf(plan, s, from, layer.length) : 0;
    const source = layer.source + from * sourceStep + s * layer.sourceStride;
    for (let t: u32 = 0; t < count; ++t) {
      heads.keep(rows + (own + t) * rowBytes, source + t * sourceStep);
    }
    if (!layer.output) continue;
    const x = layer.input + from * inputStep + s * layer.inputStride;
    const y = layer.output + from * outputStep + s * layer.outputStride;
    heads.open(x, inputStep, to - from);
    heads.attend(rows, rowBytes, own, isCausal ? 0 : count, to - from, layer.slopes);
    heads.close(y, outputStep, to - from);
  }
}
