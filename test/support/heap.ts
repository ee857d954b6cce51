/** What a measurement itself leaves on the heap. */
const OWN = 4096;
const TRIALS = 200;

/**
 * Bytes that one call leaves on the JavaScript heap, once it is compiled: the least of several trials, for until then
 * numbers are boxed, and a compiler that finishes meanwhile allocates too. A busy machine compiles late: the first trial that
 * leaves no more than `enough` is the last. Counts small things, which the other counters do not see.
 */
export function heapBytesPerCall(call: () => void, calls = 10_000, enough = 0): number {
  let least = Infinity;
  for (let trial = 0; trial < TRIALS && least > OWN + enough * calls; trial++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < calls; i++) call();
    const bytes = process.memoryUsage().heapUsed - before;
    // A collection in between says nothing.
    if (bytes >= 0) least = Math.min(least, bytes);
  }
  return Math.max(0, least - OWN) / calls;
}
