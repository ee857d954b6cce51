import { brief, expectInteger, expectOptions, LmuError } from "../errors.js";
import type { StateField } from "../facts/facts.js";
import { joined } from "../joined.js";
import type { Engine } from "../model/engine.js";
import type { Model } from "../model/model.js";
import type { OpenState } from "../model/open-state.js";
import type { Stream } from "../model/stream.js";
import { PARTS } from "../runtime/records.js";
import type { States } from "../runtime/states.js";

/** What a memory transformer makes of one segment of some sequences; arrays hold one sequence after another. */
export interface Segment {
  /** Sequences side by side. */
  readonly batch: number;
  /** Tokens of each sequence. */
  readonly steps: number;
  /** Features of a token. */
  readonly width: number;
  /** [batch, steps] */
  readonly ids: Int32Array;
  /** [batch, steps, vocabulary] */
  readonly logits: Float32Array;
  /** What the predictor made of the tokens, [batch, steps, width]. */
  readonly embedded: Float32Array;
  /** The memory as it is rewritten after the segment, [batch, memory tokens, width]. */
  readonly memory: Float32Array;
  /** What the predictor makes of masked tokens behind that memory, [batch, steps - 1, width]. */
  readonly recalled: Float32Array;
  /** That memory, rewritten once more from the segment: from all of it at once, [batch, memory tokens, width], */
  readonly whole: Float32Array;
  /** and from its parts, one after another. */
  readonly composed: Float32Array;
}

/** Options of {@link segmentsOf}. */
export interface SegmentOptions {
  /** Sequences in the ids, one after another. @defaultValue 1 */
  readonly batch?: number | undefined;
  /** Tokens of a segment before which its parts begin, in their order. @defaultValue the middle */
  readonly splits?: readonly number[] | undefined;
}

const ACTION = "read segments";

/**
 * Reads sequences segment by segment, for the losses of a memory transformer: {@link languageLoss}, {@link recallLoss},
 * {@link memoryLoss}. A last segment may be shorter; a single token is none.
 *
 * @param model - a memory transformer
 * @param ids - [batch, tokens]
 * @throws TypeError, RangeError; LmuError description-invalid if the model has no segments, input-invalid as model.run;
 *   disposed, model-too-large
 */
export function* segmentsOf(
  model: Model,
  ids: Int32Array,
  options: SegmentOptions = {},
): Generator<Segment, void, undefined> {
  expectOptions(ACTION, options, ["batch", "splits"]);
  const { batch = 1, splits } = options;
  expectInteger(ACTION, "batch", batch, 1);
  const tokens = ids.length / batch;
  if (!(ids instanceof Int32Array) || !Number.isInteger(tokens)) {
    const message = `Cannot ${ACTION}: ids are ${brief(ids)}, expected an Int32Array of a multiple of ${batch}`;
    throw new TypeError(message);
  }
  const readers = Array.from({ length: batch }, () => new SegmentReader(model));
  try {
    const { length, width } = readers[0]!;
    for (let first = 0; first + 2 <= tokens; first += length) {
      const steps = Math.min(length, tokens - first);
      const parted = splits ?? [steps >> 1];
      expectSplits(parted, steps);
      const own = readers.map((_, s) => ids.subarray(s * tokens + first).subarray(0, steps));
      const parts = readers.map((reader, s) => reader.read(own[s]!, parted));
      const all = (name: keyof (typeof parts)[0]) =>
        joined(
          Float32Array,
          parts.map((part) => part[name]),
        );
      yield {
        ...{ batch, steps, width, ids: Int32Array.from(own.flatMap((part) => [...part])) },
        ...{ logits: all("logits"), embedded: all("embedded"), memory: all("memory") },
        ...{ recalled: all("recalled"), whole: all("whole"), composed: all("composed") },
      };
    }
  } finally {
    for (const reader of readers) reader.close();
  }
}

/** One sequence on its way through segments. */
class SegmentReader {
  /** Tokens of a segment. */
  readonly length: number;
  readonly width: number;
  readonly #engine: Engine;
  readonly #stream: Stream;
  /** Where trials are made. */
  readonly #other: Stream;
  readonly #trial: OpenState;
  readonly #memory: StateField;
  readonly #past: StateField;

  constructor(model: Model) {
    this.#engine = classOf<typeof Model>(model).engineOf(model);
    const { costs, stateFields } = this.#engine.plan;
    const layer = costs.find(({ type }) => type === "segments");
    if (!layer) {
      const message = `Cannot ${ACTION}: the model has none, expected a memory transformer`;
      throw new LmuError("description-invalid", message);
    }
    const fieldOf = (name: string) =>
      stateFields.find((one) => one.layer === layer.name && one.field === name)!;
    this.#memory = fieldOf("memory");
    this.#past = fieldOf("past");
    [this.length, this.width] = this.#past.shape as [number, number];
    this.#stream = model.stream();
    this.#other = model.stream();
    this.#trial = stateOf(this.#other);
  }

  /** The next tokens, at most the length of a segment; they must begin one. */
  read(ids: Int32Array, splits: readonly number[]) {
    const steps = ids.length;
    const logits: Float32Array = this.#stream.push(ids);
    this.#trial.become(stateOf(this.#stream).copy(ACTION));
    const embedded = this.#get(this.#past, steps);
    const memory = this.#encode(embedded);
    const recalled = this.#recall(steps);
    const whole = this.#encode(embedded);
    this.#put(this.#memory, memory);
    let composed = memory;
    for (const [i, first] of [0, ...splits].entries()) {
      const last = splits[i] ?? steps;
      composed = this.#encode(embedded.subarray(first * this.width, last * this.width));
    }
    return { logits, embedded, memory, recalled, whole, composed };
  }

  close(): void {
    this.#stream.dispose();
    this.#other.dispose();
  }

  /** The memory of the trial, rewritten from a past. */
  #encode(past: Float32Array): Float32Array {
    this.#put(this.#past, past);
    this.#run("encoded", past.length / this.width);
    return this.#get(this.#memory, this.#memory.shape[0]!);
  }

  /** What the memory of the trial recalls. */
  #recall(steps: number): Float32Array {
    this.#run("recalled", steps);
    return this.#get(this.#past, steps).slice(this.width);
  }

  /** A call without tokens. */
  #run(what: (typeof PARTS.trial)[number], rows: number): void {
    const { session } = this.#states;
    const word = this.#engine.plan.trialAt! / 4 + PARTS.trial.indexOf(what);
    session.integers[word] = rows;
    session.run(this.#trial.slots, 1, 0, false);
    session.integers[word] = 0;
  }

  /** Rows of a field of the trial. */
  #get({ offset, stride }: StateField, rows: number): Float32Array {
    const { floats } = this.#states.session;
    const at = (this.#trial.at + offset) / 4;
    return joined(
      Float32Array,
      Array.from({ length: rows }, (_, i) =>
        floats.subarray(at + i * stride).subarray(0, this.width),
      ),
    );
  }

  #put({ offset, stride }: StateField, values: Float32Array): void {
    const { floats } = this.#states.session;
    const at = (this.#trial.at + offset) / 4;
    for (let i = 0; i * this.width < values.length; i++) {
      floats.set(values.subarray(i * this.width, (i + 1) * this.width), at + i * stride);
    }
  }

  get #states(): States {
    return this.#trial.expectAlive(ACTION);
  }
}

/** The class of an object: that of the main entry, which this one does not bring along once more. */
function classOf<T>(object: object): T {
  return object.constructor as T;
}

function stateOf(stream: Stream): OpenState {
  return classOf<typeof Stream>(stream).stateOf(stream);
}

/** @throws TypeError, RangeError */
function expectSplits(splits: readonly number[], steps: number): void {
  const isRight = (split: number, i: number) =>
    Number.isInteger(split) && split > (splits[i - 1] ?? 0) && split < steps;
  if (splits.every(isRight)) return;
  throw new RangeError(
    `Cannot ${ACTION}: splits are ${splits.join()}, expected integers that rise from 1 to ${steps - 1}`,
  );
}
