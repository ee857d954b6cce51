import { Budget, tooLarge } from "./budget.js";
import type { SourceReader } from "./reader.js";

/** Bytes that are believed to come because the source says so; whoever lies about more could send them as well. */
const MOST_BELIEVED = 2 ** 28;

/** All bytes of a source. */
export interface Gathered {
  readonly bytes: Uint8Array;
  /** Whether they were put together here: then they are nobody else's. */
  readonly isOwn: boolean;
}

/**
 * Takes everything left: no copy when it came in one piece.
 *
 * @throws LmuError source-too-large as soon as it is more than the budget has
 */
export async function takeAll(reader: SourceReader, budget = new Budget()): Promise<Gathered> {
  const { total } = reader;
  if (total! > budget.left) budget.hold(total!);
  const first = await reader.takeNext();
  let piece = await reader.takeNext();
  budget.hold(first?.length ?? 0);
  if (!first || !piece) return { bytes: first ?? new Uint8Array(0), isOwn: false };
  // Not kept as pieces: each can go at once, where all of them would wait for the last.
  let bytes = allocate(Math.min(total ?? 0, MOST_BELIEVED));
  bytes = append(bytes, 0, first);
  let length = first.length;
  for (; piece; piece = await reader.takeNext()) {
    budget.hold(piece.length);
    bytes = append(bytes, length, piece);
    length += piece.length;
  }
  return { bytes: bytes.subarray(0, length), isOwn: true };
}

/**
 * An array, of bytes that stay in memory from now on where a budget is given.
 *
 * @throws LmuError source-too-large, also where the engine gives none of that size
 * @internal so that no declaration says Uint8Array<ArrayBuffer>
 */
export function allocate(bytes: number, budget?: Budget): Uint8Array<ArrayBuffer> {
  budget?.hold(bytes);
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    return tooLarge("any array of this engine", cause);
  }
}

/** Puts a piece behind the first `length` bytes; in a larger array where there is no room. */
function append(
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
  piece: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const needed = length + piece.length;
  let roomy = bytes;
  if (needed > bytes.length) {
    roomy = allocate(Math.max(needed, 2 * bytes.length));
    roomy.set(bytes.subarray(0, length));
    free(bytes.buffer);
  }
  roomy.set(piece, length);
  return roomy;
}

/** Gives memory back at once, where the engine can; else the collector does when it comes by. */
function free(buffer: ArrayBuffer & { transfer?: (length: number) => ArrayBuffer }): void {
  buffer.transfer?.(0);
}
