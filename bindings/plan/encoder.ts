import type { ActivationDescription } from "../activations.js";
import type { Builder } from "./builder.js";
import type { Node, TermSource } from "./node.js";

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
  readonly output: Node;
  readonly feedback: { readonly hidden: boolean; readonly memory: boolean };

  constructor(
    private readonly b: Builder,
    private readonly prefix: string,
    private readonly x: Node,
    private readonly activation: ActivationDescription | undefined,
  ) {
    const [width] = b.shape(`${prefix}.input`, undefined, x.width);
    this.output = { at: b.buffer(x.clock, width), width, clock: x.clock };
    this.feedback = { hidden: b.has(`${prefix}.hidden`), memory: b.has(`${prefix}.memory`) };
  }

  /** Whether a layer has tensors under the prefix. */
  static isPresent(b: Builder, prefix: string): boolean {
    return ["input", "hidden", "memory", "bias"].some((role) => b.has(`${prefix}.${role}`));
  }

  project(): void {
    const { b, prefix, x, output } = this;
    const { width } = output;
    const bias = b.has(`${prefix}.bias`) ? `${prefix}.bias` : undefined;
    if (bias) b.shape(bias, width);
    b.multiplyAdds(width * x.width);
    const weights = b.matrix(`${prefix}.input`, width, x.width);
    const isFinal = !this.feedback.hidden && !this.feedback.memory;
    b.program.dense(
      output,
      b.weights.vector(bias, width),
      [{ input: x, weights }],
      isFinal ? this.#code() : 0,
    );
  }

  feed(hidden: FedBack | undefined, memory: FedBack): void {
    const terms: TermSource[] = [];
    if (this.feedback.hidden && hidden) terms.push(this.#term("hidden", hidden));
    if (this.feedback.memory) terms.push(this.#term("memory", memory));
    if (terms.length) this.b.program.dense(this.output, 0, terms, this.#code());
  }

  #term(role: string, input: FedBack): TermSource {
    const { b, prefix } = this;
    const { width, factors } = input;
    const rows = this.output.width;
    b.shape(`${prefix}.${role}`, rows, width);
    b.multiplyAdds(rows * width);
    b.gathers(width);
    const weights = b.matrix(`${prefix}.${role}`, rows, width, { factors });
    return { input, weights };
  }

  #code() {
    return this.b.program.activation(this.prefix, this.activation);
  }
}
