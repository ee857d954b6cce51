/*
 * Options of Keras that change nothing in what a finished layer computes. All others must be asked for by the reader of
 * the layer, or the layer is refused: an option nobody knows may mean anything.
 */

/** Whatever their value. */
const ALWAYS: ReadonlySet<string> = new Set([
  // What the layer is called, and what it was built for: the weights and the calls say the same with certainty.
  ...["name", "trainable", "dynamic", "autocast", "input_length", "batch_size", "input_d"],
  ...["batch_input_shape", "batch_shape", "build_input_shape", "sparse", "ragged", "optional"],
  // What happens in training alone. Renormalised batches use the moving statistics afterwards, as all do.
  ...["seed", "rate", "noise_shape", "stddev", "l1", "l2", "dropout", "recurrent_dropout"],
  ...["momentum", "synchronized", "virtual_batch_size", "unit_forget_bias"],
  ...["renorm", "renorm_clipping", "renorm_momentum"],
  // Other ways to the same numbers.
  ...["unroll", "implementation", "use_cudnn"],
  // What masked steps give: nothing masks here, since Masking and mask_zero are refused.
  "zero_output_for_mask",
]);

/** How weights were made and kept in bounds while they were trained. */
const OF_TRAINING = /_(initializer|regularizer|constraint)$/;

/** At these values alone. */
const AT: Readonly<Record<string, readonly unknown[]>> = {
  adjustment: [null],
  data_format: ["channels_last", null],
  lora_alpha: [null],
  lora_enabled: [false],
  lora_rank: [null],
  num_constants: [null],
  quantization_config: [null],
  rank: [1],
  return_state: [false],
  time_major: [false],
};

export function isHarmless(name: string, value: unknown): boolean {
  if (name === "dtype") return isFloat(value);
  if (ALWAYS.has(name) || OF_TRAINING.test(name)) return true;
  return Object.hasOwn(AT, name) && AT[name]!.includes(value);
}

/** A type, or a policy for types, that computes with floats: what is quantised has other weights. */
function isFloat(dtype: unknown): boolean {
  const policy = dtype as { readonly config?: { readonly name?: unknown } } | null | undefined;
  const name = typeof dtype === "string" ? dtype : (policy?.config?.name ?? dtype ?? "infer");
  return typeof name === "string" && /^((mixed_)?b?float(16|32|64)|_?infer)$/.test(name);
}
