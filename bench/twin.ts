import { discretize } from "../bindings/legendre.js";

/** Weights of an LMU with one channel and a simple recurrent cell that also reads the input; one input feature. */
export interface TwinWeights {
  readonly order: number;
  readonly theta: number;
  readonly units: number;
  readonly encoder: Float32Array; // [1]
  readonly memory: Float32Array; // [units, order]
  readonly input: Float32Array; // [units, 1]
  readonly recurrent: Float32Array; // [units, units]
  readonly bias: Float32Array; // [units]
}

/** The same network in plain JavaScript over Float32Arrays, row by row, as one would write it without wasm. */
export class Twin {
  readonly #weights: TwinWeights;
  readonly #D: Float32Array;
  readonly #memory: Float32Array;
  readonly #residual: Float32Array;
  #hidden: Float32Array;
  #next: Float32Array;

  constructor(weights: TwinWeights) {
    this.#weights = weights;
    const { order, theta } = weights;
    const isDiagonal = (at: number) => at % (order + 1) === 0;
    this.#D = Float32Array.from(discretize(order, theta).A, (a, at) =>
      isDiagonal(at) ? a - 1 : a,
    );
    this.#memory = new Float32Array(weights.order);
    this.#residual = new Float32Array(weights.order);
    this.#hidden = new Float32Array(weights.units);
    this.#next = new Float32Array(weights.units);
  }

  step(x: number): Float32Array {
    const { order, units, encoder, memory, input, recurrent, bias } = this.#weights;
    const [D, m, r, h, next] = [this.#D, this.#memory, this.#residual, this.#hidden, this.#next];
    r.set(m);
    r[0]! -= encoder[0]! * x;
    for (let i = 0; i < order; i++) {
      let sum = m[i]!;
      for (let j = 0; j < order; j++) sum += D[i * order + j]! * r[j]!;
      m[i] = sum;
    }
    for (let i = 0; i < units; i++) {
      let sum = bias[i]! + input[i]! * x;
      for (let j = 0; j < order; j++) sum += memory[i * order + j]! * m[j]!;
      for (let j = 0; j < units; j++) sum += recurrent[i * units + j]! * h[j]!;
      next[i] = Math.tanh(sum);
    }
    this.#hidden = next;
    this.#next = h;
    return next;
  }
}
