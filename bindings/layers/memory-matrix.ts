import { pad4 } from "../facts/bytes.js";
import { basis, type Discretization, residualMatrix } from "../legendre/residual.js";
import type { Address } from "../plan/address.js";
import type { Builder } from "../plan/builder.js";
import { Panels } from "../plan/panels.js";
import type { Tensor } from "../tensor.js";

/** Ā - I of order and theta, computed when it is packed: of c, or of m = T c. */
export function computedMatrix(
  b: Builder,
  {
    order,
    theta,
    discretizer: method = "zoh",
  }: { readonly order: number; readonly theta?: number; readonly discretizer?: Discretization },
  isUnfolded: boolean,
): Address {
  const compute = () => {
    const matrix = residualMatrix(order, Number(theta), b.hold, { method });
    return isUnfolded ? unfolded(matrix, order) : matrix;
  };
  return b.matrix(valuesOf([order, order], compute), order, order);
}

/** Ā - I as the file gives it, and B̄ beside it if there is a column for it. */
export function givenMatrix(b: Builder, name: string, order: number, columns: number): Address {
  const panels = new Panels(pad4(order), columns);
  const step = (r: number) => panels.step(r);
  const at = b.weights.place(`${name}.D`, order, panels.size, (r) => panels.first(r), step);
  if (columns > order) {
    const B = { source: `${name}.B`, columns: 1, offset: at.offset };
    b.weights.packings.push({ ...B, first: (r) => panels.at(r, order), step });
  }
  return b.program.matrix(at, pad4(order), columns);
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
