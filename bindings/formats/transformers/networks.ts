import { brief, LmuError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import type { Checkpoint } from "../checkpoint.js";
import { Importer } from "../importer.js";
import { rootOf, Weights } from "../torch/tensors.js";
import type { Config } from "./config.js";
import { GPT2 } from "./gpt2.js";
import { LMU_LM } from "./lmu-lm.js";
import { MEMORY_TRANSFORMER } from "./memory-transformer.js";
import type { Network } from "./network.js";

/** By model_type. */
const NETWORKS = new Map<unknown, Network>([
  ["gpt2", GPT2],
  ["lmu-lm", LMU_LM],
  ["memory-transformer", MEMORY_TRANSFORMER],
]);

/** Whether a network is one of views, whose tensors may come later. */
export function isOfViews(config: Config | undefined): boolean {
  return NETWORKS.get(config?.["model_type"])?.isOfViews === true;
}

/** Names of tensors that queries, keys and values are made with. */
const OF_ATTENTION =
  /(^|[._])(in_proj|c_attn|query_key_value|w?qkv|q|k|v|query|key|value)(_proj|_lin)?[._](weight|bias)$|in_proj_weight$/i;

/**
 * What architectures of the library transformers are called that write text. Others say nothing: whoever saves a network of
 * his own by save_pretrained has architectures, too.
 */
const OF_TEXT = /ForCausalLM$|LMHead|ForConditionalGeneration$|ForMaskedLM$/;

/**
 * Refuses transformers that are not run, by their kind: those whose configuration names an architecture that writes text,
 * whatever is in the file, and those with attention.
 *
 * @param names - of tensors, as far as they are known
 * @throws LmuError layer-unsupported
 */
export function refuseOthers(config: Config | undefined, names: Iterable<string>): void {
  if (NETWORKS.has(config?.["model_type"])) return;
  const found = [...names].find((name) => OF_ATTENTION.test(name));
  const architectures = [config?.["architectures"]].flat();
  const isOfText = architectures.some((name) => typeof name === "string" && OF_TEXT.test(name));
  if (found === undefined && !isOfText) return;
  const known = [...NETWORKS.keys()].join(" or ");
  const problem = config
    ? `attention of kind ${brief(config["model_type"])} is not supported, expected ${known}`
    : `tensor ${brief(found)} is one of attention, and nothing says of which kind, expected a config.json with model_type ${known} beside the weights`;
  throw new LmuError("layer-unsupported", `Cannot load the model: ${problem}`);
}

/** It stands beside the network, not in it. */
const HEAD = "lm_head.weight";

/**
 * A network that its configuration describes.
 *
 * @param config - what stands beside the tensors, if it says of which network
 * @returns undefined if these are tensors of something else
 * @throws LmuError layer-unsupported for attention of another kind, option-unsupported, tensor-missing or tensor-invalid
 */
export function importNetwork(
  config: Config | undefined,
  tensors: ReadonlyMap<string, Tensor>,
  isAsked: boolean,
): Checkpoint | undefined {
  const network = NETWORKS.get(config?.["model_type"]);
  if (!isAsked) refuseOthers(config, tensors.keys());
  if (!config || !network) return undefined;
  const importer = new Importer();
  const root = rootOf(tensors);
  const inside = `${root}transformer.`;
  const base = [...tensors.keys()].some((name) => name.startsWith(inside)) ? inside : root;
  const type = String(config["model_type"]);
  const read = new Set<string>();
  const nameOf = (name: string) => (name === HEAD ? root : base) + name;
  const weights = new Weights({ all: tensors, base, type, read }, nameOf);
  const { vocabulary, output } = network.import(config, weights, importer);
  const unread = [...tensors.keys()].filter((name) => !read.has(name));
  if (unread.length)
    importer.warnings.push(
      `${unread.length} tensors were not read: ${unread.slice(0, 9).join(", ")}`,
    );
  return importer.finish("transformers", network.name, { vocabulary }, output);
}
