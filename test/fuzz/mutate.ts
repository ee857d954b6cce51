import { unzipSync, zipSync } from "fflate";
import { type Random } from "../support/random.js";
import { havoc } from "./havoc.js";
import { mutateJson } from "./json.js";

/** A changed file. */
export interface Mutant {
  readonly bytes: Uint8Array;
  /** Nothing but options was changed: its weights are those of a model that works. */
  readonly hasSoundWeights: boolean;
}

/** A file with something changed inside its structure (headers, entries: checksums and lengths fit again) or anywhere. */
export function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Mutant {
  if (random.next() < 0.5) {
    try {
      const mutant = structured(bytes, random, other);
      if (mutant) return mutant;
    } catch {
      // An earlier change broke the structure.
    }
  }
  return { bytes: havoc(bytes, random, other), hasSoundWeights: false };
}

function structured(bytes: Uint8Array, random: Random, other: Uint8Array): Mutant | undefined {
  if (bytes[8] === 0x7b) return safetensors(Buffer.from(bytes), random);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return zip(bytes, random, other);
  return undefined;
}

/** Another header before the same tensors. */
function safetensors(bytes: Buffer, random: Random): Mutant {
  const length = Number(bytes.readBigUInt64LE(0));
  let header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, unknown>;
  const metadata = header["__metadata__"] as Record<string, string> | undefined;
  const description = metadata?.["lmu-wasm"];
  const isOption = description !== undefined && random.next() < 0.7;
  if (isOption) {
    const changed = JSON.stringify(mutateJson(JSON.parse(description), random));
    header = { ...header, __metadata__: { ...metadata, "lmu-wasm": changed } };
  } else header = mutateJson(header, random) as Record<string, unknown>;
  const json = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  const whole = Buffer.concat([size, json, bytes.subarray(8 + length)]);
  return { bytes: whole, hasSoundWeights: isOption };
}

/** One entry changed; the directory and its checksums are written anew. */
function zip(bytes: Uint8Array, random: Random, other: Uint8Array): Mutant {
  const files = unzipSync(bytes);
  const names = Object.keys(files);
  const likely = names.filter((name) => /\.(json|pkl|h5)$/.test(name));
  const chosen = likely.length && random.next() < 0.8 ? likely : names;
  const name = chosen[random.integer(chosen.length)]!;
  const isJson = name.endsWith(".json");
  const changed = isJson
    ? Buffer.from(
        JSON.stringify(mutateJson(JSON.parse(Buffer.from(files[name]!).toString()), random)),
      )
    : havoc(files[name]!, random, other);
  const entries = { ...files, [name]: changed };
  if (random.next() < 0.05) delete entries[names[random.integer(names.length)]!];
  // Deflated now and then: PyTorch and Keras store, numpy may not.
  const level = random.next() < 0.1 ? 1 : 0;
  return { bytes: zipSync(entries, { level }), hasSoundWeights: isJson };
}
