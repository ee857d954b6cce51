import { brief, expectInteger, expectOptions } from "../errors.js";

/** How tokens are chosen. */
export interface SamplingOptions {
  /** Logits are divided by it; 0 takes the most likely token. @defaultValue 1 */
  readonly temperature?: number | undefined;
  /** Only so many of the most likely tokens. @defaultValue all */
  readonly topK?: number | undefined;
  /** Only the fewest tokens whose probabilities come to this. @defaultValue 1 */
  readonly topP?: number | undefined;
  /** Logits of tokens that are there already are divided by it, or multiplied where they are negative. @defaultValue 1 */
  readonly repetitionPenalty?: number | undefined;
  /** The same seed chooses the same tokens, on every engine. @defaultValue 0 */
  readonly seed?: number | undefined;
}

/** Options of {@link LanguageModel.generation}. */
export interface GenerationOptions extends SamplingOptions {
  /** Tokens after the prompt. @defaultValue no end */
  readonly maxTokens?: number | undefined;
  /** Strings at which the text ends; they are not part of it. */
  readonly stop?: string | readonly string[] | undefined;
  /** Tokens at which it ends. @defaultValue the model's own, where its generation_config.json or config.json has them */
  readonly stopIds?: readonly number[] | undefined;
}

/** Options of {@link LanguageModel.generate}. */
export interface GenerateOptions extends GenerationOptions {
  /** Aborts; what the iterator throws then is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How tokens are chosen, with nothing left open. */
export type Sampling = { readonly [K in keyof SamplingOptions]-?: number };

/** All options, with nothing left open. */
export interface Settled extends Sampling {
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly stopIds: readonly number[];
}

const NAMES = [
  ...["temperature", "topK", "topP", "repetitionPenalty", "seed"],
  ...["maxTokens", "stop", "stopIds"],
];

/** @throws TypeError, RangeError */
export function settle(
  action: string,
  options: GenerationOptions,
  stopIds: readonly number[],
  ...more: string[]
): Settled {
  expectOptions(action, options, [...NAMES, ...more]);
  const all = {
    temperature: options.temperature ?? 1,
    topK: options.topK ?? Infinity,
    topP: options.topP ?? 1,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    seed: options.seed ?? 0,
    maxTokens: options.maxTokens ?? Infinity,
    stop: typeof options.stop === "string" ? [options.stop] : (options.stop ?? []),
    stopIds: options.stopIds ?? stopIds,
  };
  within(action, "temperature", all.temperature, 0, 1e6);
  within(action, "topP", all.topP, 0, 1);
  within(action, "repetitionPenalty", all.repetitionPenalty, 1e-3, 1e3);
  expectInteger(action, "seed", all.seed, -(2 ** 53), 2 ** 53);
  if (all.topK !== Infinity) expectInteger(action, "topK", all.topK, 1);
  if (all.maxTokens !== Infinity) expectInteger(action, "maxTokens", all.maxTokens, 0);
  list(action, "stop", all.stop, (one) => typeof one === "string" && one !== "");
  list(action, "stopIds", all.stopIds, (one) => Number.isInteger(one));
  return all;
}

function within(action: string, name: string, value: unknown, low: number, high: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot ${action}: ${name} is ${brief(value)}, expected a number`);
  }
  if (!(value >= low && value <= high)) {
    throw new RangeError(`Cannot ${action}: ${name} is ${value}, expected ${low} to ${high}`);
  }
}

function list(
  action: string,
  name: string,
  values: unknown,
  isRight: (one: unknown) => boolean,
): void {
  if (Array.isArray(values) && values.every(isRight)) return;
  throw new TypeError(
    `Cannot ${action}: ${name} is ${brief(values)}, expected a list of ${name === "stop" ? "texts" : "ids"}`,
  );
}
