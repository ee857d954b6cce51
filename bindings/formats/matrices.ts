import { LmuError } from "../errors.js";
import { discretize, MAX_ORDER } from "../legendre.js";
import type { MatrixWork } from "../legendre/residual.js";
import { thetaOfInput } from "../legendre/theta.js";
import { reshape, type Tensor, tensorOfValues } from "../tensor.js";
import type { Importer } from "./importer.js";

/** How a file writes m ← A m + B u. */
export interface Convention {
  /** The file holds A - I. */
  readonly isMinusIdentity: boolean;
  /** The file holds the transpose, for row vectors m Aᵀ. */
  readonly isTransposed: boolean;
}

/** What is known of imported matrices beyond their numbers. */
export interface MatricesHint {
  /** Window length, where the file says it. */
  readonly theta?: number | undefined;
  /** Keep them as they are, whatever they are. */
  readonly keeps?: boolean;
}

/** Fields and tensors of an LMU layer that say which matrices its memory uses. */
export interface ImportedMatrices {
  readonly fields: { readonly theta?: number };
  readonly tensors: { readonly D?: Tensor; readonly B?: Tensor };
}

/**
 * Imported matrices: by their theta when they are those of one, up to rounding to f32, else as they are.
 *
 * @param A - [order, order] as the file holds it
 * @param B - order numbers
 * @throws LmuError tensor-invalid
 */
export function importMatrices(
  A: Tensor,
  B: Tensor,
  convention: Convention,
  name: string,
  importer: Importer,
  { theta, keeps = false }: MatricesHint = {},
): ImportedMatrices {
  const order = A.shape[0]!;
  if (A.shape.length !== 2 || A.shape[1] !== order || order < 1 || order > MAX_ORDER) {
    const shape = `[${A.shape.join(", ")}]`;
    throw new LmuError(
      "tensor-invalid",
      `Cannot load the model: A of ${name} has shape ${shape}, expected a square of at most ${MAX_ORDER}`,
    );
  }
  const system = new ImportedSystem(A, reshape(B, [order]), convention, importer.matrixWork);
  const layout = `${convention.isMinusIdentity ? "A - I" : "A"}${convention.isTransposed ? ", transposed" : ""}`;
  const found = keeps ? undefined : system.theta(theta);
  if (found !== undefined) {
    importer.notes.push(
      `${name}: the file's matrices (${layout}) are those of order ${order}, theta ${found}`,
    );
    return { fields: { theta: found }, tensors: {} };
  }
  const kind =
    system.mismatch > 1e-5
      ? "learned, or of another basis"
      : system.isCompared
        ? "not those of a theta"
        : "too large to be compared with those of a theta";
  importer.notes.push(
    `${name}: the file's matrices (${layout}) are ${kind}, |B - (I - A) e0| is up to ` +
      `${system.mismatch.toExponential(1)}; kept as given`,
  );
  return { fields: {}, tensors: system.tensors };
}

/** Rounding to f32, with a little room: matrices computed in f32, as keras-lmu 0.4 and later does, are beyond it. */
const ROUNDING = 4 * 2 ** -24;

/** What double-precision exponentials of other libraries may be off. */
const NOISE = 1e-9;

/** A pair of matrices as a file holds them. */
class ImportedSystem {
  readonly #order: number;
  readonly #isMinusIdentity: boolean;
  /** Ā or Ā - I, whichever the file holds, row by row in column-vector orientation. */
  readonly #stored: Float64Array;
  readonly #B: Float64Array;
  /** False when that would take too much work. */
  isCompared = true;

  constructor(
    A: Tensor,
    B: Tensor,
    { isMinusIdentity, isTransposed }: Convention,
    private readonly work: MatrixWork,
  ) {
    const order = A.shape[0]!;
    this.#order = order;
    this.#isMinusIdentity = isMinusIdentity;
    this.#stored = Float64Array.from({ length: order * order }, (_, at) => {
      const [i, j] = [Math.floor(at / order), at % order];
      return A.at(isTransposed ? j * order + i : at);
    });
    this.#B = Float64Array.from({ length: order }, (_, i) => B.at(i));
  }

  /** max |B̄ - (I - Ā) e₀|: far below 1e-5 for the matrices of any theta, in this basis. */
  get mismatch(): number {
    return this.#B.reduce((most, b, i) => {
      const implied = (i === 0 && !this.#isMinusIdentity ? 1 : 0) - this.#stored[i * this.#order]!;
      return Math.max(most, Math.abs(b - implied));
    }, 0);
  }

  /** Ā - I and B̄, rounded to f32. */
  get tensors(): { D: Tensor; B: Tensor } {
    const order = this.#order;
    const D = Float32Array.from(this.#stored, (value, at) => value - this.#identityAt(at));
    return {
      D: tensorOfValues([order, order], D),
      B: tensorOfValues([order], Float32Array.from(this.#B)),
    };
  }

  /** The window length whose matrices these are, if any: what the file says, or what B̄ implies. */
  theta(stated: number | undefined): number | undefined {
    if (stated !== undefined) return this.#isOf(stated) ? stated : undefined;
    const implied = thetaOfInput(this.#order, this.#B[0]!);
    if (implied === undefined) return undefined;
    // People choose round numbers, and B̄ in f32 gives them back with some noise.
    const round = Math.round(implied * 2) / 2;
    const isNear = Math.abs(round - implied) < 1e-5 * implied;
    return (isNear ? [round, implied] : [implied]).find((theta) => this.#isOf(theta));
  }

  #isOf(theta: number): boolean {
    this.isCompared &&= this.work.fits(this.#order, theta);
    if (!this.isCompared) return false;
    const { A, B } = discretize(this.#order, theta);
    const isNear = (x: number, y: number) => Math.abs(x - y) <= ROUNDING * Math.abs(y) + NOISE;
    const expected = this.#isMinusIdentity ? A.map((a, at) => a - Number(this.#isDiagonal(at))) : A;
    return (
      this.#stored.every((x, at) => isNear(x, expected[at]!)) &&
      this.#B.every((x, i) => isNear(x, B[i]!))
    );
  }

  /** What to subtract for Ā - I. */
  #identityAt(at: number): number {
    return !this.#isMinusIdentity && this.#isDiagonal(at) ? 1 : 0;
  }

  #isDiagonal(at: number): boolean {
    return at % (this.#order + 1) === 0;
  }
}
