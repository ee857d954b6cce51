import { discretize } from "../../legendre.js";
import type { MatrixWork } from "../../legendre/residual.js";
import { thetaOfInput } from "../../legendre/theta.js";
import type { Tensor } from "../../tensor.js";
import type { Convention } from "../matrices.js";

/** The four ways to store a matrix. */
const CONVENTIONS: readonly Convention[] = [
  { isMinusIdentity: false, isTransposed: false },
  { isMinusIdentity: true, isTransposed: false },
  { isMinusIdentity: false, isTransposed: true },
  { isMinusIdentity: true, isTransposed: true },
];

/**
 * B̄ = e₀ - Ā e₀ holds far better than this for the matrices of any theta, also when they were computed in f32. For
 * windows so long that B̄ itself is no larger, it must hold to a part of B̄.
 */
const IDENTITY_ERROR = 1e-5;

/**
 * How a file stores Ā: by the identity B̄ = e₀ - Ā e₀, which only one of the four ways fulfils. Learned matrices do not
 * fulfil it; then the trace tells Ā from Ā - I, and the heavier triangle the orientation.
 *
 * @param A - [order, order] as the file holds it
 * @param B - order numbers
 * @param usual - what files of this kind do, where the matrices do not tell
 * @param given - what is not up for question
 * @param work - that comparing with the matrices of a theta may take
 */
export function detectConvention(
  A: Tensor,
  B: Tensor,
  usual: Convention,
  given: Partial<Convention>,
  work: MatrixWork,
): Convention {
  const isAllowed = (way: Convention) =>
    way.isMinusIdentity === (given.isMinusIdentity ?? way.isMinusIdentity) &&
    way.isTransposed === (given.isTransposed ?? way.isTransposed);
  const ways = [{ ...usual, ...given }, ...CONVENTIONS].filter(isAllowed);
  const largest = Math.max(...Array.from({ length: A.shape[0]! }, (_, i) => Math.abs(B.at(i))));
  const error = Math.min(IDENTITY_ERROR, largest / 100);
  const exact = ways.find((way) => mismatch(A, B, way) < error);
  if (exact) return exact;
  return {
    isMinusIdentity: given.isMinusIdentity ?? isResidual(A, B, work) ?? usual.isMinusIdentity,
    isTransposed: given.isTransposed ?? isUpperHeavy(A) ?? usual.isTransposed,
  };
}

/** max |B̄ - (e₀ - Ā e₀)| if the matrix is stored this way. */
function mismatch(A: Tensor, B: Tensor, { isMinusIdentity, isTransposed }: Convention): number {
  const order = A.shape[0]!;
  let largest = 0;
  for (let i = 0; i < order; i++) {
    const corner = i === 0 && !isMinusIdentity ? 1 : 0;
    const implied = corner - A.at(isTransposed ? i : i * order);
    largest = Math.max(largest, Math.abs(B.at(i) - implied));
  }
  return largest;
}

/**
 * Whether a matrix is Ā - I by its trace, which is order smaller than that of Ā; undefined when that cannot be said.
 * The eigenvalues of Ā lie in the unit circle, so its trace is at least -order, and that of Ā - I at most 0.
 */
function isResidual(A: Tensor, B: Tensor, work: MatrixWork): boolean | undefined {
  const order = A.shape[0]!;
  let trace = 0;
  for (let i = 0; i < order; i++) trace += A.at(i * (order + 1));
  if (trace > 0) return false;
  if (trace < -order) return true;
  const theta = thetaOfInput(order, B.at(0));
  if (theta === undefined || !work.fits(order, theta)) return undefined;
  const { A: expected } = discretize(order, theta);
  let usual = 0;
  for (let i = 0; i < order; i++) usual += expected[i * (order + 1)]!;
  return trace < usual - order / 2;
}

/**
 * Whether the entries above the diagonal outweigh those below, which tells a transposed matrix: in the LMU basis
 * |Ā[i][j]| / |Ā[j][i]| is (2i + 1) / (2j + 1). Undefined where the two weigh about the same, as in the LegT basis.
 */
function isUpperHeavy(A: Tensor): boolean | undefined {
  const order = A.shape[0]!;
  let [above, below] = [0, 0];
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < i; j++) {
      below += Math.abs(A.at(i * order + j));
      above += Math.abs(A.at(j * order + i));
    }
  }
  // The Legendre memory has 1.5 (order 64) to 3 (order 2); learning moves it little.
  if (above > 1.25 * below) return true;
  return below > 1.25 * above ? false : undefined;
}
