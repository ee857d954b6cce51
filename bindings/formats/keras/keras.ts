import { LmuError } from "../../errors.js";
import type { Budget } from "../../source/budget.js";
import type { Checkpoint } from "../checkpoint.js";
import { type Hdf5Group, readHdf5 } from "../containers/hdf5.js";
import { decodeUtf8 } from "../../utf8.js";
import { importModel } from "./graph.js";
import { isNamed, NamedModelWeights } from "./named.js";
import { NumberedModelWeights } from "./numbered.js";
import { withoutBackslashes } from "./windows-groups.js";

/** Names of the files inside a `.keras` archive. */
export const KERAS_FILES: readonly string[] = ["config.json", "metadata.json", "model.weights.h5"];

/**
 * Reads the files of a `.keras` archive.
 *
 * @param budget - of bytes in memory, for weights stored in chunks
 * @param mayOverwrite - the archive may be destroyed on the way, which saves a copy of the weights
 */
export async function readKeras(
  files: ReadonlyMap<string, Uint8Array>,
  budget: Budget,
  mayOverwrite: boolean,
): Promise<Checkpoint> {
  const weights = files.get("model.weights.h5");
  if (!weights)
    throw new LmuError(
      "format-invalid",
      "Cannot load the model: the archive has no model.weights.h5",
    );
  const config = parse(files.get("config.json"), "config.json");
  const metadata = files.has("metadata.json")
    ? parse(files.get("metadata.json"), "metadata.json")
    : {};
  const version = versionOf((metadata as { keras_version?: unknown } | null)?.keras_version);
  const root = await readHdf5(mayOverwrite ? movedToStart(weights) : weights, budget);
  return importModel(config, new NumberedModelWeights(withoutBackslashes(root)), version);
}

/** The same bytes at the beginning of their buffer, over whatever was there. */
function movedToStart({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  new Uint8Array(buffer).copyWithin(0, byteOffset, byteOffset + length);
  return new Uint8Array(buffer, 0, length);
}

/**
 * Reads an HDF5 file of Keras: a whole model of the legacy format, or weights alone.
 *
 * @param config - the model's configuration (`model.to_json()`), which weights alone need; taken instead of the file's own
 * @param budget - of bytes in memory, for weights stored in chunks
 */
export async function readKerasHdf5(
  bytes: Uint8Array,
  config?: unknown,
  budget?: Budget,
): Promise<Checkpoint> {
  const root = await readHdf5(bytes, budget);
  const text = root.attributes.get("model_config");
  const own = config ?? text;
  const given = typeof own === "string" ? parse(own, "the configuration") : own;
  if (given === undefined) {
    throw new LmuError(
      "format-invalid",
      "Cannot load the model: the HDF5 file holds weights alone; pass the model's configuration " +
        "(model.to_json()) as the option config",
    );
  }
  const { keras_version: stated } = Object(given) as Readonly<Record<string, unknown>>;
  const version = versionOf(attribute(root, "keras_version") ?? stated);
  const weights = isNamed(root)
    ? new NamedModelWeights(root)
    : new NumberedModelWeights(withoutBackslashes(root));
  return importModel(given, weights, version);
}

function versionOf(stated: unknown): string {
  return typeof stated === "string" ? stated : "3";
}

function attribute(root: Hdf5Group, name: string): unknown {
  return root.attributes.get(name) ?? root.groups.get("model_weights")?.attributes.get(name);
}

function parse(source: Uint8Array | string | undefined, name: string): unknown {
  try {
    return JSON.parse(typeof source === "string" ? source : decodeUtf8(source!)) as unknown;
  } catch (cause) {
    throw new LmuError("format-invalid", `Cannot load the model: ${name} is no valid JSON`, {
      cause,
    });
  }
}
