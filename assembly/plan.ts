import { ActivationLayer, runActivation } from "./layers/activation";
import { Attention, runAttention } from "./layers/attention";
import { Convolution, runConvolution } from "./layers/convolution";
import { Delay, runDelay } from "./layers/delay";
import { Dense, runDense } from "./layers/dense";
import { Embedding, runEmbedding } from "./layers/embedding";
import { Gru, runGru } from "./layers/gru";
import { Layer, Plan } from "./layers/layer";
import { Lstm, runLstm } from "./layers/lstm";
import { crossGap, Memory, runMemory } from "./layers/memory";
import { MemoryAttention, runMemoryAttention } from "./layers/memory-attention";
import { Copy, Merge, runCopy, runMerge } from "./layers/merge";
import { Norm, runNorm } from "./layers/norm";
import { GlobalPool, Pool, runGlobalPool, runPool } from "./layers/pool";
import { Positions, runPositions } from "./layers/positions";
import { prefill, Prefill } from "./layers/prefill";
import { Rnn, runRnn } from "./layers/rnn";
import { runScale, Scale } from "./layers/scale";
import {
  keepMemory,
  keepPast,
  keepRecall,
  openEncoder,
  placeOf,
  runSegmentAttention,
  SegmentAttention,
  Segments,
  takeMemory,
  takeRecall,
  takeTokens,
  Trial,
} from "./layers/segments";
import { Flatten, Last, Reverse, runFlatten, runLast, runReverse } from "./layers/time";
import { advance, State } from "./state";

/** The records there are in both editions, by the names of their classes. */
const enum Kind {
  Loop,
  Dense,
  Memory,
  Rnn,
  Lstm,
  Gru,
  ActivationLayer,
  Scale,
  Norm,
  Merge,
  Copy,
  Delay,
  Embedding,
  Convolution,
  Pool,
  GlobalPool,
  Last,
  Reverse,
  Flatten,
  Positions,
  Attention,
  MemoryAttention,
  Segments,
  SegmentAttention,
  Prefill,
}

/**
 * Runs a whole model over steps rows of input for every stream: one call per step or chunk.
 *
 * The input rows stand in the plan's input buffer; the outputs are left in its output buffer. Allocates nothing.
 */
export function run(
  at: usize, // Plan
  slots: usize, // addresses of the streams' states, u32[streams]
  streams: u32,
  steps: u32,
  flags: u32, // 1: the sequence ends here; 2 · (n + 1): of what comes out only the n newest rows are wanted, 0: all
): void {
  const plan = changetype<Plan>(at);
  plan.open(slots, streams);
  plan.flush = flags & 1;
  plan.setRows(0, steps);
  let layer = plan.layers;
  while (layer < plan.end) {
    const record = changetype<Layer>(layer);
    const rows = plan.rows(record.clock);
    const wanted = flags > 1 && layer >= plan.tail ? min(rows, (flags >> 1) - 1) : rows;
    runLayer(layer, plan, rows - wanted, rows);
    layer += record.bytes;
  }
  advance(slots, streams, steps, plan.flush);
}

/** Every memory of one stream crosses its gap without input, and no sample is counted. */
export function fade(
  at: usize, // Plan
  slots: usize, // address of the state's address
): void {
  const plan = changetype<Plan>(at);
  plan.open(slots, 1);
  let layer = plan.layers;
  while (layer < plan.end) {
    const record = changetype<Layer>(layer);
    if (record.kind == Kind.Memory) crossGap(changetype<Memory>(layer), plan, 0);
    // What records hold follows their own fields.
    if (record.kind == Kind.Loop) layer += offsetof<Layer>();
    else if (FULL && record.kind == Kind.Prefill) layer += offsetof<Prefill>();
    else layer += record.bytes;
  }
}

function runLayer(at: usize, plan: Plan, from: u32, to: u32): void {
  switch (changetype<Layer>(at).kind) {
    case Kind.Loop:
      return runLoop(at, plan, from, to);
    case Kind.Dense:
      return runDense(changetype<Dense>(at), plan, from, to);
    case Kind.Memory:
      return runMemory(changetype<Memory>(at), plan, from, to);
    case Kind.Rnn:
      return runRnn(changetype<Rnn>(at), plan, from, to);
    case Kind.Lstm:
      return runLstm(changetype<Lstm>(at), plan, from, to);
    case Kind.Gru:
      return runGru(changetype<Gru>(at), plan, from, to);
    case Kind.ActivationLayer:
      return runActivation(changetype<ActivationLayer>(at), plan, from, to);
    case Kind.Scale:
      return runScale(changetype<Scale>(at), plan, from, to);
    case Kind.Last:
      return runLast(changetype<Last>(at), plan, from, to);
  }
  if (FULL) runFullLayer(at, plan, from, to);
}

/** The records that only the full edition runs. */
function runFullLayer(at: usize, plan: Plan, from: u32, to: u32): void {
  switch (changetype<Layer>(at).kind) {
    case Kind.Embedding:
      return runEmbedding(changetype<Embedding>(at), plan, from, to);
    case Kind.Norm:
      return runNorm(changetype<Norm>(at), plan, from, to);
    case Kind.Reverse:
      return runReverse(changetype<Reverse>(at), plan, from, to);
    case Kind.Flatten:
      return runFlatten(changetype<Flatten>(at), plan, from, to);
    case Kind.Merge:
      return runMerge(changetype<Merge>(at), plan, from, to);
    case Kind.Copy:
      return runCopy(changetype<Copy>(at), plan, from, to);
    case Kind.Delay:
      return runDelay(changetype<Delay>(at), plan, from, to);
    case Kind.Convolution:
      return runConvolution(changetype<Convolution>(at), plan, from, to);
    case Kind.Pool:
      return runPool(changetype<Pool>(at), plan, from, to);
    case Kind.GlobalPool:
      return runGlobalPool(changetype<GlobalPool>(at), plan, from, to);
    case Kind.Positions:
      return runPositions(changetype<Positions>(at), plan, from, to);
    case Kind.Attention:
      return runAttention(changetype<Attention>(at), plan, from, to);
    case Kind.MemoryAttention:
      return runMemoryAttention(changetype<MemoryAttention>(at), plan, from, to);
    case Kind.Segments:
      return runSegments(changetype<Segments>(at), plan, from, to);
    case Kind.SegmentAttention:
      return runSegmentAttention(changetype<SegmentAttention>(at), plan, from, to);
    case Kind.Prefill:
      return runPrefill(at, plan, from, to);
  }
}

/** Runs the records it contains one time step at a time: what a hidden state fed back to the encoder needs. */
export function runLoop(at: usize, plan: Plan, from: u32, to: u32): void {
  const end = at + changetype<Layer>(at).bytes;
  for (let t = from; t < to; ++t) {
    let layer = at + offsetof<Layer>();
    while (layer < end) {
      runLayer(layer, plan, t, t + 1);
      layer += changetype<Layer>(layer).bytes;
    }
  }
}

/** Records of a part over some rows; from 0 to 0: over all of their clocks. */
function runPart(at: usize, end: usize, plan: Plan, from: u32, to: u32): void {
  for (; at < end; at += changetype<Layer>(at).bytes) {
    runLayer(at, plan, from, to ? to : plan.rows(changetype<Layer>(at).clock));
  }
}

/** Cuts a call where segments of any stream begin, and begins them. */
function runSegments(layer: Segments, plan: Plan, from: u32, to: u32): void {
  const encoder = changetype<usize>(layer) + offsetof<Segments>();
  const context = encoder + layer.encoderBytes;
  const tokens = context + layer.contextBytes;
  const end = changetype<usize>(layer) + layer.bytes;
  const trial = changetype<Trial>(layer.trial);
  const slots = plan.slots;
  const streams = plan.streams;
  plan.setRows(layer.memoryClock, layer.count);
  if (trial.encoded) encode(layer, plan, encoder, context, trial.encoded);
  if (trial.recalled) {
    takeRecall(layer, plan, trial.recalled);
    runPart(tokens, end, plan, 0, layer.count + trial.recalled);
    keepRecall(layer, plan, trial.recalled);
  }
  takeTokens(layer, plan, from, to);
  for (let t = from; t < to;) {
    let last = to;
    for (let s: u32 = 0; s < streams; ++s) {
      const place = placeOf(plan, s, t, layer.length);
      last = min(last, t + layer.length - place);
      if (place) continue;
      plan.open(slots + (s << 2), 1);
      const isFirst = changetype<State>(plan.state(0, 0)).position + <f64>t == 0;
      if (isFirst) keepMemory(layer, plan, layer.tokens);
      else encode(layer, plan, encoder, context, layer.length);
      takeMemory(layer, plan);
      runPart(context, tokens, plan, 0, 0);
      plan.open(slots, streams);
    }
    runPart(tokens, end, plan, t, last);
    keepPast(layer, plan, t, last);
    t = last;
  }
}

/** Rewrites the memory of the first stream from rows of its past. */
function encode(layer: Segments, plan: Plan, at: usize, end: usize, rows: u32): void {
  openEncoder(layer, plan, rows);
  runPart(at, end, plan, 0, 0);
  keepMemory(layer, plan, layer.rewritten);
}

/** Runs what it can of many rows at once, then the records it contains on the rows that are left. */
export function runPrefill(at: usize, plan: Plan, from: u32, to: u32): void {
  const record = changetype<Prefill>(at);
  const end = at + record.bytes;
  let first = prefill(record, plan, from, to);
  let layer = at + offsetof<Prefill>();
  while (layer < end) {
    runLayer(layer, plan, first, to);
    first = record.unread;
    layer += changetype<Layer>(layer).bytes;
  }
}
