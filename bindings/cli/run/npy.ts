import { NPY_HEADER_BYTES, readNpyHeader } from "../../formats/containers/npy.js";
import { ELEMENT_BYTES, sizeOf, tensorOfBytes } from "../../tensor.js";
import type { Bytes } from "./bytes.js";
import { type Chunk, CHUNK_ROWS, type Signal, unreadable, type Wanted } from "./signal.js";

/**
 * Opens an .npy file of numbers: [steps, width], [steps] where the width is 1, [batch, steps, width], or ids [batch, steps].
 *
 * @throws LmuError format-invalid
 */
export async function readNpySignal(bytes: Bytes, wanted: Wanted): Promise<Signal> {
  const { name } = bytes;
  const header = readNpyHeader(name, await bytes.peek(NPY_HEADER_BYTES));
  const { dtype, isLittleEndian, isFortran, shape, dataAt } = header;
  if (!dtype) unreadable(name, "it has no real numbers, expected floats or integers");
  if (isFortran && shape.length > 1) {
    unreadable(name, "it is in Fortran order, expected numpy.ascontiguousarray of it");
  }
  const [sequences, steps] = sequencesOf(name, shape, wanted);
  const rowBytes = wanted.width * ELEMENT_BYTES[dtype];
  const { width } = wanted;
  return {
    hasHeader: false,
    sequences,
    steps,
    rows: async function* (): AsyncGenerator<Chunk> {
      await bytes.take(dataAt);
      const total = sizeOf(shape) / width;
      for (let first = 0; first < total; first += CHUNK_ROWS) {
        const count = Math.min(CHUNK_ROWS, total - first);
        const data = await bytes.take(count * rowBytes);
        if (data.length < count * rowBytes) {
          const row = first + Math.floor(data.length / rowBytes) + 1;
          unreadable(name, `it ends within row ${row}, expected ${total}`);
        }
        const tensor = tensorOfBytes(dtype, [count, width], data, isLittleEndian);
        const values = Float64Array.from({ length: count * width }, (_, i) => tensor.at(i));
        yield {
          values,
          place: (i) => `row ${first + Math.floor(i / width) + 1}, column ${(i % width) + 1}`,
        };
      }
    },
  };
}

/** How many sequences a shape has, and the steps of each. */
function sequencesOf(
  name: string,
  shape: readonly number[],
  { width, vocabulary }: Wanted,
): [number, number] {
  const isTokens = vocabulary !== undefined;
  const axes = isTokens ? [...shape, 1] : shape.length === 1 && width === 1 ? [...shape, 1] : shape;
  const [last, steps, batch = 1] = [...axes].reverse();
  if (axes.length === 2 || axes.length === 3) {
    if (last === width && sizeOf(axes) > 0) return [batch, steps!];
  }
  const wanted = isTokens
    ? "[ids] or [batch, ids]"
    : `[steps, ${width}] or [batch, steps, ${width}]`;
  return unreadable(name, `it has shape [${shape.join(", ")}], expected ${wanted}`);
}
