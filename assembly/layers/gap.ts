/**
 * A gap is a time between two samples that is not one step. The host says, memory by memory, which updates m ← m + (Ā - I) r
 * cross it (bindings/model/gaps.ts); a plain step knows nothing of it.
 */
@unmanaged
export class Gap {
  /**
   * The updates, f64[], one at least, or 0: one step. Above 0: the address of the panels of Ā - I; below: minus the part of
   * θ that Euler's rule steps over, without a matrix; 0 ends them.
   */
  updates: usize = 0;
}
