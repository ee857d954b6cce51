import { readSafetensors } from "../../bindings/formats/containers/safetensors.js";
import { type Piece, writeSafetensors } from "../../bindings/formats/native/write.js";

/** The tensors of a file, dealt out to several, with an index. */
export function shardsOf(
  bytes: Uint8Array,
  count: number,
  metadata: Record<string, string>,
): Record<string, Uint8Array> {
  const { header } = readSafetensors(bytes);
  const shards: Piece[][] = Array.from({ length: count }, () => []);
  const weightMap: Record<string, string> = {};
  header.entries.forEach(({ name, shape, begin, end }, i) => {
    const data = bytes.subarray(header.dataAt + begin, header.dataAt + end);
    shards[i % count]!.push({ name, dtype: "F32", shape, bytes: data });
    weightMap[name] = nameOf(i % count, count);
  });
  const files = shards.map((pieces, i) => [nameOf(i, count), writeSafetensors(pieces)]);
  const index = JSON.stringify({ metadata: { total_size: 1, ...metadata }, weight_map: weightMap });
  return {
    ...(Object.fromEntries(files) as Record<string, Uint8Array>),
    "model.safetensors.index.json": new TextEncoder().encode(index),
  };
}

/** Name of a shard. */
export const nameOf = (i: number, count: number) =>
  `model-0000${i + 1}-of-0000${count}.safetensors`;
