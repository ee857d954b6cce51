import { brief } from "../../errors.js";
import type { Bytes } from "./bytes.js";
import { type Chunk, CHUNK_ROWS, type Signal, unreadable, type Wanted } from "./signal.js";

/*
 * RIFF: chunks of a name, a length and their bytes. http://soundfile.sapp.org/doc/WaveFormat and Microsoft's WAVEFORMATEXTENSIBLE
 */

/** How a file stores samples. */
interface Format {
  readonly channels: number;
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

/** Bytes of a format, of the longest kind. */
const FORMAT_BYTES = 40;
const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];

/** Integers are taken over their largest, so that full scale is 1, as decoders of browsers have it. */
const READERS: Readonly<Record<string, Format["read"]>> = {
  [`${PCM} 8`]: (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  [`${PCM} 16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${PCM} 24`]: (view, at) =>
    (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  [`${PCM} 32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${FLOAT} 32`]: (view, at) => view.getFloat32(at, true),
  [`${FLOAT} 64`]: (view, at) => view.getFloat64(at, true),
};

/** Opens a sound; every channel is a column. Nothing is resampled. @throws LmuError format-invalid */
export async function readWav(bytes: Bytes, { width }: Wanted): Promise<Signal> {
  const { name } = bytes;
  const kind = (await bytes.take(12)).toString("latin1", 8);
  if (kind !== "WAVE")
    unreadable(name, `it is a RIFF file of kind ${brief(kind)}, expected "WAVE"`);
  let format: Format | undefined;
  for (;;) {
    const head = await bytes.take(8);
    if (head.length < 8) unreadable(name, "it has no chunk named data, expected a WAV file");
    const length = head.readUInt32LE(4);
    const chunk = head.toString("latin1", 0, 4);
    if (chunk === "data") {
      if (!format) unreadable(name, "its samples come before their format");
      return signalOf(bytes, format, length);
    }
    const known = chunk === "fmt " ? Math.min(length, FORMAT_BYTES) : 0;
    if (known) format = formatOf(name, await bytes.take(known), width);
    // Chunks are padded to even lengths.
    await skip(bytes, length + (length % 2) - known);
  }
}

async function skip(bytes: Bytes, length: number): Promise<void> {
  for (let left = length; left > 0;) {
    const { length: taken } = await bytes.some(left);
    if (taken === 0) return;
    left -= taken;
  }
}

function formatOf(name: string, bytes: Buffer, width: number): Format {
  if (bytes.length < 16) unreadable(name, "it ends within its format");
  const [code, channels, bits] = [0, 2, 14].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
  ];
  // An extensible format has the code in the first bytes of an identifier.
  const kind = code === EXTENSIBLE && bytes.length >= 26 ? bytes.readUInt16LE(24) : code;
  const read = READERS[`${kind} ${bits}`];
  if (!read) {
    unreadable(name, `it has ${bits} bits of format ${kind}, expected 8 to 32 of PCM or floats`);
  }
  if (channels !== width) {
    unreadable(
      name,
      `it has ${channels} channels, expected ${width}, one for each input of the model`,
    );
  }
  return { channels, bytes: bits / 8, read };
}

/** Lengths from here on, and 0, are of files that were written while their end was not known: SoX 0x7ffff000, arecord 2^31. */
const UNKNOWN = 0x7ffff000;

function signalOf(bytes: Bytes, { channels, bytes: each, read }: Format, length: number): Signal {
  const rowBytes = channels * each;
  const isOpen = length === 0 || length >= UNKNOWN;
  return {
    hasHeader: false,
    ...{ sequences: 1, steps: undefined },
    rows: async function* (): AsyncGenerator<Chunk> {
      const total = isOpen ? Infinity : Math.floor(length / rowBytes);
      for (let first = 0; first < total;) {
        const count = Math.min(CHUNK_ROWS, total - first);
        const data = await bytes.take(count * rowBytes);
        const rows = Math.floor(data.length / rowBytes);
        if (rows < count && !isOpen) {
          unreadable(bytes.name, `it ends within sample ${first + rows + 1}, expected ${total}`);
        }
        if (rows === 0) return;
        const view = new DataView(data.buffer, data.byteOffset, data.length);
        const values = Float64Array.from({ length: rows * channels }, (_, i) =>
          read(view, i * each),
        );
        const begin = first;
        yield {
          values,
          place: (i) =>
            `sample ${begin + Math.floor(i / channels) + 1}, channel ${(i % channels) + 1}`,
        };
        first += rows;
      }
    },
  };
}
