import type { ActivationDescription } from "../activations.js";
import type { Facts } from "../facts/facts.js";
import type { Builder } from "../plan/builder.js";
import type { Node } from "../plan/node.js";
import type { Rows } from "../plan/rows.js";

/** A state of the layer that a fed-back term reads, and the factors of a basis its weights do not expect. */
export interface FedBack {
  readonly state: number;
  readonly width: number;
  readonly factors?: Float64Array | undefined;
}

/**
 * y = f(bias + W_x x + W_h h + W_m m), h and m of the step before. What needs no previous step is computed for a whole
 * chunk by `project`, the rest step by step by `feed`. Roles: input, hidden, memory, bias under a prefix.
 */
export class Encoder {
  readonly width: number;
  readonly feedback: { readonly hidden: boolean; readonly memory: boolean };
  readonly #bias: string | undefined;
  readonly #terms: { readonly source: string; readonly input: FedBack }[] = [];

  constructor(
    private readonly prefix: string,
    private readonly x: Node,
    private readonly activation: ActivationDescription | undefined,
    f: Facts,
  ) {
    [this.width] = f.shape(`${prefix}.input`, undefined, x.width);
    this.#bias = f.optional(`${prefix}.bias`, this.width);
    f.multiplyAdds(this.width * x.width);
    this.feedback = { hidden: f.has(`${prefix}.hidden`), memory: f.has(`${prefix}.memory`) };
  }

  /** Whether a layer has tensors under the prefix. */
  static isPresent(f: Facts, prefix: string): boolean {
    return ["input", "hidden", "memory", "bias"].some((role) => f.has(`${prefix}.${role}`));
  }

  /** Says what is fed back. */
  connect(hidden: FedBack | undefined, memory: FedBack, f: Facts): void {
    for (const [role, input] of Object.entries({ hidden, memory })) {
      const source = `${this.prefix}.${role}`;
      if (!input || !f.has(source)) continue;
      f.shape(source, this.width, input.width);
      f.multiplyAdds(this.width * input.width);
      this.#terms.push({ source, input });
    }
  }

  project(b: Builder, input: Rows): Rows {
    const { prefix, width, x } = this;
    const output = b.rows(x.clock, width);
    const weights = b.matrix(`${prefix}.input`, width, x.width, { isExact: true });
    const activation = this.#terms.length ? 0 : this.#activation(b);
    b.program.dense(output, b.weights.vector(this.#bias, width), [{ input, weights }], activation);
    return output;
  }

  feed(b: Builder, output: Rows): void {
    const terms = this.#terms.map(({ source, input }) => {
      const { width, factors } = input;
      return { input, weights: b.matrix(source, this.width, width, { factors, isExact: true }) };
    });
    if (terms.length) b.program.dense(output, 0, terms, this.#activation(b));
  }

  #activation(b: Builder) {
    return b.program.activation(this.prefix, this.activation);
  }
}
