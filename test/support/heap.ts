/**
 * Bytes that one call leaves on the JavaScript heap, once it is compiled: the least of several trials, for a compiler
 * that finishes meanwhile allocates too. Counts small things, which the other counters do not see.
 */
export function heapBytesPerCall(call: () => void, calls = 10_000, trials = 20): number {
  const grown: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < calls; i++) call();
    const bytes = process.memoryUsage().heapUsed - before;
    // A collection in between says nothing.
    if (bytes >= 0) grown.push(bytes);
  }
  if (grown.length === 0) return Infinity;
  // What the measurement itself leaves.
  return Math.max(0, Math.min(...grown) - 4096) / calls;
}
