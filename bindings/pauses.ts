/** Milliseconds of work between two looks at what else there is. */
const SLICE = 10;

/**
 * A function to be awaited between pieces of long work: it pauses often enough for the thread to stay responsive.
 *
 * @param signal - aborts: the function throws its reason
 */
export function pauses(signal: AbortSignal | undefined): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < SLICE) return;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    last = performance.now();
  };
}
