import { digitsOf } from "../model/hash.js";
import type { Model } from "../model/model.js";
import { bytesOfHex } from "../runtime/hex.js";
import { pad16 } from "../runtime/places.js";
import type { Plan } from "../plan/plan.js";
import { ABI, type Meta } from "./meta.js";
import { type Layout, layoutOf } from "./layout.js";
import { pastOf } from "./past.js";
import { keptFunctions, reachOf } from "./reach.js";
import { type Bytes, EXPORT, type Export, SECTION } from "./sections.js";
import * as sections from "./sections.js";
import { templateHex } from "./template.js";

const PAGE = 65536;
const ACTION = "compile the model";

/** Functions that a compiled model offers: docs/compiled.md. */
const FUNCTIONS = [
  "step",
  "end",
  "reset",
  "push",
  "room",
  "run",
  "score",
  "latest",
  "save",
  "restore",
];

/** A compiled model. */
export interface CompiledModel {
  /** One module without imports. */
  readonly bytes: Bytes;
  readonly meta: Meta;
}

/** Values of globals by their names in assembly/compiled/model.ts; those that have a name outside, then the others. */
function globalsOf(plan: Plan, layout: Layout, pastBytes: number) {
  const { input, output, statesAt: batch, capacity, blockAt } = plan;
  const { stateBytes, streams, rows } = layout;
  const state = batch + streams * stateBytes;
  const past = state + stateBytes;
  const shown: Record<string, number> = {
    lmu_abi: ABI,
    input: input.at,
    input_stride: input.stride,
    inputs: input.width,
    output: output.at,
    output_stride: output.stride,
    outputs: output.width,
    state,
    state_bytes: stateBytes,
    steps: capacity.rows,
    streams,
    // Kernels may read, never write, a vector past a row.
    heap: pad16(past + pastBytes + 16),
  };
  const hidden: Record<string, number> = {
    plan: plan.at,
    made: output.rowsAt,
    slots: plan.slotsAt,
    ...{ batch, past, grown: rows, block: blockAt },
    isSingle: Number(output.isSingle),
    late: output.isSingle ? 0 : plan.rowsAfter(1, true) + output.lookAhead,
    isEven: Number(output.isSteady),
    vocabulary: input.vocabulary ?? 0,
  };
  return { shown, hidden };
}

/** What a report says of a model, as JSON for hosts. */
function metaOf(model: Model, facts: object): string {
  const { inputSize, outputSize, returnsSequence, lookAhead, vocabulary, format, layers } =
    model.report();
  const names = layers.map(({ name }) => name);
  const sizes = { inputSize, outputSize, returnsSequence, lookAhead, vocabulary };
  return JSON.stringify({ abi: ABI, format, ...sizes, names, ...facts });
}

/**
 * A model as one WebAssembly module without imports: weights, plan, states, and the functions that it reaches, no others.
 * docs/compiled.md says how a host runs it; the outputs are the same to the last bit.
 *
 * @param version - of this package, for the module's description of itself
 * @param steps - that a sequence may have at most; states that grow with every step have room for so many
 * @param labels - names of the outputs, one each
 * @throws LmuError not-streamable if the model needs its whole sequence at once, or its states grow without a bound;
 *   model-too-large; disposed
 */
export function compileModel(
  model: Model,
  version: string,
  steps = Infinity,
  labels?: readonly string[],
): CompiledModel {
  const engine = model.engineFor(ACTION);
  const fingerprint = engine.fingerprint(ACTION);
  const image = engine.image();
  const layout = layoutOf(ACTION, engine.plan, steps);
  const past = pastOf(engine.plan, layout, fingerprint);
  const { shown, hidden } = globalsOf(engine.plan, layout, past.byteLength);
  const parts = sections.readSections(bytesOfHex(templateHex));
  const exports = sections.readExports(parts.get(SECTION.export)!);
  const isOffered = ({ kind, name }: Export) =>
    kind === EXPORT.memory || (kind === EXPORT.global ? name in shown : FUNCTIONS.includes(name));
  const offered = exports.filter(isOffered);
  const entries = offered.filter(({ kind }) => kind === EXPORT.function).map(({ index }) => index);
  const globals = exports.filter(({ kind }) => kind === EXPORT.global);
  const values = globals
    .sort((one, other) => one.index - other.index)
    .map(({ name }) => ({ ...shown, ...hidden })[name]!);
  // A snapshot fits behind the heap.
  const bytes = shown.heap! + layout.stateBytes + 32;
  parts.set(SECTION.memory, sections.writeMemory(Math.ceil(bytes / PAGE)));
  parts.set(SECTION.global, sections.writeGlobals(values));
  parts.set(SECTION.export, sections.writeExports(offered));
  const kept = keptFunctions(entries, reachOf(image), engine.plan.weights);
  parts.set(SECTION.code, sections.keepFunctions(parts.get(SECTION.code)!, kept));
  const contents = new Map([
    [image.at, image.bytes],
    [hidden.past!, new Uint8Array(past.buffer)],
  ]);
  parts.set(SECTION.data, sections.addData(parts.get(SECTION.data)!, contents));
  const maxSteps = layout.maxSteps < Infinity ? layout.maxSteps : undefined;
  const text = metaOf(model, { version, fingerprint: digitsOf(fingerprint), maxSteps, labels });
  const lmu = new TextEncoder().encode(text);
  return { bytes: sections.writeModule(parts, { lmu }), meta: JSON.parse(text) as Meta };
}
