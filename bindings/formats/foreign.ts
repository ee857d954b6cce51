import { LmuError } from "../errors.js";
import type { Checkpoint } from "./checkpoint.js";
import type { LayerRequest } from "./torch/request.js";
import { isHdf5 } from "./containers/hdf5.js";
import { KERAS_FILES, readKeras, readKerasHdf5 } from "./keras/keras.js";
import { isNpz, readNpz } from "./containers/npz.js";
import { isLegacyTorch, isTorchArchive, readTorch } from "./containers/pickle/torch-archive.js";
import { importStateDict } from "./torch/state-dict.js";
import { isZip, listZip, unzip } from "./containers/zip.js";

export { importStateDict } from "./torch/state-dict.js";

/** Options that a foreign file may need. */
export interface ForeignOptions {
  /** Keras configuration (`model.to_json()`, parsed or not) for files that hold weights alone. */
  readonly config?: unknown;
  /** Layers in order of execution, for files that hold tensors alone. */
  readonly layers?: readonly LayerRequest[] | undefined;
  /** The file's bytes may be changed: nobody else has them. */
  readonly mayOverwrite?: boolean;
}

/** Reads a file that is no safetensors, found out by its bytes. */
export async function readForeign(
  bytes: Uint8Array,
  { config, layers, mayOverwrite = false }: ForeignOptions,
): Promise<Checkpoint> {
  if (isHdf5(bytes)) return readKerasHdf5(bytes, config);
  if (isZip(bytes)) return readArchive(bytes, layers, mayOverwrite);
  if (isLegacyTorch(bytes)) await readTorch(bytes); // throws, with advice
  throw new LmuError(
    "format-unknown",
    `Cannot load the model: it begins with ${startOf(bytes)}, ` +
      "expected safetensors, .keras, HDF5, PyTorch (zip) or .npz",
  );
}

/** How a file begins: pages of errors, JSON and pointers of Git LFS as the text that they are, all else in hexadecimal. */
function startOf(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes.subarray(0, 40));
  if (/^[\t\n\r -~]+$/.test(text)) return JSON.stringify(text);
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  return start.join(" ") || "nothing";
}

async function readArchive(
  bytes: Uint8Array,
  layers: ForeignOptions["layers"],
  mayOverwrite: boolean,
): Promise<Checkpoint> {
  const names = await listZip(bytes);
  if (names.includes("config.json")) {
    return readKeras(await unzip(bytes, (name) => KERAS_FILES.includes(name)), mayOverwrite);
  }
  if (isTorchArchive(names)) {
    const { tensors, notes } = await readTorch(bytes);
    return importStateDict({ format: "torch", notes }, tensors, layers);
  }
  if (isNpz(names)) {
    const { tensors, notes } = await readNpz(bytes);
    return importStateDict({ format: "npz", notes }, tensors, layers);
  }
  throw new LmuError(
    "format-unknown",
    `Cannot load the model: the zip archive holds ${names.slice(0, 3).join(", ") || "nothing"}, ` +
      "expected the files of .keras, PyTorch or .npz",
  );
}
