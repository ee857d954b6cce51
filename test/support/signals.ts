/** An .npy file of version 1, in C order. */
export function npyFile(
  descr: string,
  shape: readonly number[],
  values: ArrayLike<number>,
): Uint8Array {
  const size = Number(descr.slice(2));
  const dims = shape.map((length) => `${length},`).join(" ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }\n`;
  const head = Buffer.alloc(10);
  head.write("\u0093NUMPY\u0001\u0000", "latin1");
  head.writeUInt16LE(text.length, 8);
  const numbers = Buffer.alloc(values.length * size);
  for (let i = 0; i < values.length; i++) {
    if (descr === "<i8") numbers.writeBigInt64LE(BigInt(values[i]!), i * size);
    else if (descr === "<f8") numbers.writeDoubleLE(values[i]!, i * size);
    else numbers.writeFloatLE(values[i]!, i * size);
  }
  return Buffer.concat([head, Buffer.from(text), numbers]);
}

/** A mono .wav file, with a chunk that nobody knows, and the numbers that it holds. */
export function wavFile(
  kind: "pcm" | "float",
  bits: 8 | 16 | 24 | 32 | 64,
  signal: ArrayLike<number>,
): { bytes: Buffer; values: Float32Array } {
  const each = bits / 8;
  const data = Buffer.alloc(signal.length * each);
  const full = 2 ** (bits - 1);
  const values = Float32Array.from(signal, (x, i) => {
    if (kind === "float") {
      if (bits === 32) data.writeFloatLE(x, i * each);
      else data.writeDoubleLE(x, i * each);
      return x;
    }
    const level = Math.round(x * (full - 1));
    if (bits === 8) data.writeUInt8(level + 128, i);
    else data.writeIntLE(level, i * each, each);
    return level / full;
  });
  const format = Buffer.alloc(16);
  format.writeUInt16LE(kind === "pcm" ? 1 : 3, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(8000, 4);
  format.writeUInt32LE(8000 * each, 8);
  format.writeUInt16LE(each, 12);
  format.writeUInt16LE(bits, 14);
  const odd = chunk("LIST", Buffer.from("abc"));
  const body = Buffer.concat([chunk("fmt ", format), chunk("data", data), odd]);
  return { bytes: chunk("RIFF", Buffer.concat([Buffer.from("WAVE"), body])), values };
}

function chunk(name: string, bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  const padding = Buffer.alloc(bytes.length % 2);
  return Buffer.concat([Buffer.from(name), length, bytes, padding]);
}
