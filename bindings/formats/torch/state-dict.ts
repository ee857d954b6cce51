import type { Description } from "../../description.js";
import { LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Checkpoint } from "../checkpoint.js";
import { Importer, type Output } from "../importer.js";
import { flagOption } from "./dialect.js";
import { inferLayers } from "./infer.js";
import { openLayer, type OpenLayer } from "./open-layer.js";
import type { LayerRequest } from "./request.js";
import { rootOf } from "./tensors.js";

/** What else is known of a file. */
export interface StateDictSource {
  /** Of the file, for the report: "torch", "npz", "safetensors". */
  readonly format: string;
  /** What the reader of the file found out. */
  readonly notes?: readonly string[];
  /** Texts of a safetensors header; told, not acted upon. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/**
 * A model from tensors whose names are those of PyTorch modules: a chain of layers.
 *
 * @param requests - the layers in order of execution; without them the chain is inferred where only one is possible
 * @throws LmuError layer-unsupported, option-unsupported, description-invalid, tensor-missing or tensor-invalid
 * @throws TypeError if requests is no list of objects
 */
export function importStateDict(
  source: StateDictSource,
  tensors: ReadonlyMap<string, Tensor>,
  requests?: readonly LayerRequest[],
): Checkpoint {
  if (requests !== undefined && (!Array.isArray(requests) || requests.length === 0)) {
    const given = Array.isArray(requests) ? "empty" : typeof requests;
    throw new TypeError(`Cannot load the model: layers is ${given}, expected a list of layers`);
  }
  const importer = new Importer();
  importer.notes.push(...(source.notes ?? []));
  const config = source.metadata?.get("config");
  if (config !== undefined) importer.notes.push(`config in the file: ${config.slice(0, 200)}`);
  const file = { tensors, root: rootOf(tensors), read: new Set<string>() };
  const given = requests ?? inferLayers(tensors, source.format === IN_ORDER, importer);
  const layers = given.map((request) => openLayer(request, file));
  const input = inputOf(layers);
  let x: Output = { name: "input", width: input.width ?? 1 };
  for (const [index, layer] of layers.entries()) x = importLayer(layer, index, x, importer);
  for (const layer of layers) refuseUnused(layer);
  warnOfUnread(tensors, file.read, importer);
  return importer.finish(source.format, "PyTorch state dict", input, x);
}

/**
 * The format whose tensors stand in the order in which modules were made: torch.save keeps it. Safetensors sorts by type
 * and name, and numpy.savez takes whatever order it is given.
 */
const IN_ORDER = "torch";

/** A renamed tensor that nobody asks for is a misspelt name. */
function refuseUnused({ type, name, weights }: OpenLayer): void {
  const [unused] = weights.unused;
  if (unused === undefined) return;
  throw new LmuError(
    "option-unsupported",
    `Cannot load the model: ${type} ${name} has tensors ${JSON.stringify(unused)}, which it does not read`,
  );
}

/** Features of the input: what the first layer that says reads, seen through those before it. */
function inputOf(layers: readonly OpenLayer[]): Description["input"] {
  let factor = 1;
  for (const [index, layer] of layers.entries()) {
    const { inputs, outputs, vocabulary } = layer.dialect.widths(layer);
    if (vocabulary !== undefined && index === 0) return { vocabulary };
    if (inputs !== undefined) return { width: inputs % factor === 0 ? inputs / factor : inputs };
    factor = outputs(factor);
  }
  return { width: 1 };
}

function importLayer(layer: OpenLayer, index: number, x: Output, importer: Importer): Output {
  const { dialect, name, type } = layer;
  const { inputs = x.width, vocabulary } = dialect.widths(layer);
  if (vocabulary !== undefined && index > 0) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: embedding ${name} is layer ${index}, expected to be the first`,
    );
  }
  if (inputs !== x.width) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: ${type} ${name} reads ${inputs} features, expected the ${x.width} of ${x.name}`,
    );
  }
  const isNative = dialect.options === undefined;
  const returnsSequence = isNative || (flagOption(layer, "returnsSequence") ?? true);
  const output = dialect.import(layer, x, importer);
  return returnsSequence ? output : importer.last(name, output);
}

/** A tensor nobody asked for may be a layer that was forgotten. */
function warnOfUnread(
  tensors: ReadonlyMap<string, Tensor>,
  read: ReadonlySet<string>,
  importer: Importer,
): void {
  const unread = [...tensors.keys()].filter((name) => !read.has(name));
  if (unread.length === 0) return;
  const more = unread.length > 9 ? ` and ${unread.length - 9} more` : "";
  importer.warnings.push(
    `${unread.length} of ${tensors.size} tensors were not read: ${unread.slice(0, 9).join(", ")}${more}`,
  );
}
