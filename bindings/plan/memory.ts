import type { LmuDescription } from "../description.js";
import { LmuError } from "../errors.js";
import { basis, residualMatrix } from "../legendre/residual.js";
import { computed, type Tensor } from "../tensor.js";
import type { Address } from "./address.js";
import type { Builder } from "./builder.js";
import { type Named, type Node, strideOf } from "./node.js";
import { Encoder, type FedBack } from "./encoder.js";
import { pad4, Panels } from "./panels.js";
import { warnOfMemory } from "./stability.js";

/**
 * Windows, in steps, beyond which a memory keeps what its floats are too coarse for. Largest error relative to a constant
 * input, order 16: without 1e-5 at 2,100, 8e-5 at 4,096, 2e-4 at 16,000, 2e-2 at 1e6; with it 2e-7 at any (order 64: 3e-7).
 */
const LONG_WINDOW = 2048;

/**
 * Encoder and memory of one Legendre memory unit.
 *
 * Inside, the memory is kept in normalised coordinates c, m = T c, where the update is a contraction; the diagonal T is
 * folded into every weight that reads the memory, so nobody outside sees c. Matrices given by the file are kept as given,
 * and a memory with an activation is kept as m, which the activation acts on.
 */
export class Memory {
  readonly feedback: { readonly hidden: boolean; readonly memory: boolean };
  /** The memory of every step, in the coordinates kept inside. */
  readonly output: Node;
  /** What a reader's columns must be multiplied with, one channel's; undefined when inside and outside agree. */
  readonly factors: Float64Array | undefined;
  readonly #encoder: Encoder | undefined;
  readonly #gate: Encoder | undefined;
  readonly #input: Node;
  readonly #state: number;
  readonly #isExplicit: boolean;
  readonly #activation: Address | 0;

  constructor(
    private readonly layer: Named<LmuDescription>,
    private readonly x: Node,
    private readonly b: Builder,
  ) {
    const { name, order } = layer;
    const encoder = `${name}.encoder`;
    if (Encoder.isPresent(b, encoder) || layer.encoderActivation !== undefined) {
      this.#encoder = new Encoder(b, encoder, x, layer.encoderActivation);
    }
    if (Encoder.isPresent(b, `${name}.gate`)) {
      this.#gate = new Encoder(b, `${name}.gate`, x, layer.gateActivation);
    }
    const parts = [this.#encoder?.feedback, this.#gate?.feedback];
    this.feedback = {
      hidden: parts.some((part) => part?.hidden),
      memory: parts.some((part) => part?.memory),
    };
    this.#input = this.#encoder?.output ?? x;
    const width = this.#input.width * order;
    this.output = { at: b.buffer(x.clock, width), width, clock: x.clock };
    this.#state = b.state("memory", [this.#input.width, order]);
    b.gathers(width);
    this.#isExplicit = b.has(`${name}.D`) || b.has(`${name}.B`);
    this.#activation = b.program.activation(name, layer.memoryActivation);
    if (!this.#isExplicit && !this.#activation) this.factors = basis(order);
    if (this.#gate) this.#checkGate(this.#gate);
    warnOfMemory(layer, this.#isExplicit, b);
  }

  /** Everything that needs no previous step, for the whole chunk. */
  encode(): void {
    this.#encoder?.project();
    this.#gate?.project();
  }

  /** The recurrent part: adds fed-back terms to the inputs, then updates the memory. */
  advance(hidden: FedBack | undefined): void {
    const memory = { state: this.#state, width: this.output.width, factors: this.factors };
    this.#encoder?.feed(hidden, memory);
    this.#gate?.feed(hidden, memory);
    this.#update();
  }

  /** The output as users know it: LMU coordinates. */
  unfolded(): Node {
    const { b, factors, output } = this;
    if (!factors) return output;
    const { at, width } = output;
    const values = computed([width], (i) => factors[i % factors.length]!);
    const scale = b.weights.vector(values, width);
    const stride = pad4(width);
    b.program.record("scale", output.clock, { input: at, output: at, stride, scale, shift: 0 });
    return output;
  }

  #update(): void {
    const { b, layer } = this;
    const { order } = layer;
    const gate = this.#gate;
    const columns = this.#isExplicit && !gate ? order + 1 : order;
    const copies = b.capacity.streams * this.#input.width;
    const activation = this.#activation;
    const isPlain = !activation && !gate;
    const isLong = isPlain && Number(layer.theta ?? 0) > LONG_WINDOW;
    const isInPlace = order % 4 === 0 && isPlain && !isLong;
    b.multiplyAdds(this.#input.width * order * (this.#isExplicit ? order + 1 : order));
    b.program.record("memory", this.x.clock, {
      input: this.#input.at,
      inputStride: strideOf(this.#input),
      output: this.output.at,
      outputStride: strideOf(this.output),
      state: this.#state,
      remainder: isLong ? b.state("remainder", [this.#input.width, order]) : 0,
      channels: this.#input.width,
      order,
      isExplicit: columns - order,
      weights: this.#isExplicit ? this.#explicitMatrix(columns) : this.#residualMatrix(),
      residual: b.scratch(copies * pad4(columns)),
      residualStride: pad4(columns) * 4,
      updated: b.scratch(copies * pad4(order)),
      inPlace: Number(isInPlace),
      activation,
      gate: gate ? gate.output.at : 0,
      gateStride: gate ? strideOf(gate.output) : 0,
      drive: gate ? b.weights.vector(`${layer.name}.B`, order) : 0,
    });
  }

  #residualMatrix(): Address {
    const { order, theta, discretizer = "zoh", name } = this.layer;
    if (theta === undefined) {
      throw new LmuError(
        "description-invalid",
        `Cannot load the model: layer ${name} has no theta, expected a number`,
      );
    }
    const { b } = this;
    if (!b.matrixWork.fits(order, Number(theta), discretizer)) {
      throw new LmuError(
        "model-too-large",
        `Cannot load the model: layer ${name} has order ${order} and theta ${theta}, expected all matrices to take no ` +
          "more work than eight of order 512 and theta 512",
      );
    }
    const compute = () => {
      const matrix = residualMatrix(order, Number(theta), b.hold, { method: discretizer });
      return this.factors ? matrix : unfolded(matrix, order);
    };
    const matrix = valuesOf([order, order], compute);
    return b.matrix(matrix, order, order);
  }

  /** (Ā - I | B̄), as the file gives them; a gated memory keeps B̄ apart. */
  #explicitMatrix(columns: number): Address {
    const { b, layer } = this;
    const { name, order } = layer;
    b.shape(`${name}.D`, order, order);
    b.shape(`${name}.B`, order);
    const panels = new Panels(pad4(order), columns);
    const at = b.weights.reserve(panels.size);
    const { offset } = at;
    const D = { offset, source: `${name}.D`, columns: order };
    const step = (r: number) => panels.step(r);
    b.weights.packings.push({ ...D, first: (r) => panels.first(r), step });
    if (columns > order) {
      const B = { offset, source: `${name}.B`, columns: 1 };
      b.weights.packings.push({ ...B, first: (r) => panels.at(r, order), step });
    }
    return b.program.matrix(at, pad4(order), columns);
  }

  #checkGate(gate: Encoder): void {
    const { name, order } = this.layer;
    if (!this.#isExplicit || this.#input.width !== 1 || gate.output.width !== order) {
      throw new LmuError(
        "description-invalid",
        `Cannot load the model: gated layer ${name} has ${gate.output.width} gates and ${this.#input.width} channels, ` +
          `expected ${order} gates, 1 channel and the tensors D and B`,
      );
    }
  }
}

/** T M T⁻¹: a matrix of c as one of m. */
function unfolded(matrix: Float64Array, order: number): Float64Array {
  const T = basis(order);
  return matrix.map((value, i) => (value * T[Math.floor(i / order)]!) / T[i % order]!);
}

/** A tensor whose values are computed when they are first read. */
function valuesOf(shape: readonly number[], compute: () => ArrayLike<number>): Tensor {
  let values: ArrayLike<number> | undefined;
  return {
    dtype: "f64",
    shape,
    at: (index) => (values ??= compute())[index]!,
    get values() {
      return (values ??= compute());
    },
  };
}
