/* global TextEncoder */

/**
 * A model that is one Legendre memory: order numbers that hold the last theta steps. Nothing is trained, so the file has no
 * tensors: the length of its header, and the header, a safetensors one with the description.
 *
 * @param {number} order
 * @param {number} theta
 */
export function memoryFile(order, theta) {
  const description = {
    version: 1,
    input: { width: 1 },
    layers: [{ name: "memory", type: "lmu", order, theta }],
  };
  const metadata = { "lmu-wasm": JSON.stringify(description) };
  const header = new TextEncoder().encode(JSON.stringify({ __metadata__: metadata }));
  const file = new Uint8Array(8 + header.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}
