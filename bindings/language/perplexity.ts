import { expectInteger, expectOptions } from "../errors.js";
import type { Model } from "../index.js";
import { pauses } from "../pauses.js";
import type { Tools } from "./generation.js";
import { exp, logSumExp } from "./elementary.js";
import { notFinite } from "./logits.js";
import { textAfter, TextStream } from "./text-stream.js";

/** How well a model foretells a text. */
export interface Perplexity {
  /** Cross entropy: the mean of -ln p(token), over all tokens but the first. */
  readonly nats: number;
  /** The same in bits. */
  readonly bits: number;
  /** e^nats. */
  readonly perplexity: number;
  /** Bits of all tokens for each byte of their text, as UTF-8: comparable between tokenizers. */
  readonly bitsPerByte: number;
  /** Tokens that were foretold. */
  readonly tokens: number;
}

/** Options of {@link LanguageModel.perplexity}. */
export interface PerplexityOptions {
  /** Aborts with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many of the tokens have been read. */
  readonly onProgress?: ((read: number, tokens: number) => void) | undefined;
  /**
   * Tokens after which the model forgets all, for those with so many positions: the first token of a window is not
   * foretold. @defaultValue the positions of the model, or no window
   */
  readonly window?: number | undefined;
}

/** Tokens that one call takes. */
const CHUNK = 64;

/** Streams ids through the model, a few at a time. */
export async function perplexityOf(
  model: Model,
  { tokenizer, toLogits, maxSteps }: Pick<Tools, "tokenizer" | "toLogits" | "maxSteps">,
  ids: Int32Array,
  options: PerplexityOptions,
): Promise<Perplexity> {
  expectOptions("measure", options, ["signal", "onProgress", "window"]);
  const { signal, onProgress, window = maxSteps } = options;
  if (window !== Infinity) expectInteger("measure", "window", window, 2);
  if (ids.length < 2) {
    throw new RangeError(`Cannot measure: there are ${ids.length} tokens, expected at least 2`);
  }
  const pause = pauses(signal);
  const stream = model.stream();
  const sum = { nats: 0, tokens: 0, bytes: 0 };
  const text = new TextStream(tokenizer, textAfter(ids.subarray(0, 1), tokenizer));
  try {
    for (let at = 0; at < ids.length;) {
      if (stream.position === window) stream.reset();
      const count = Math.min(CHUNK, ids.length - at, window - stream.position);
      const logits = toLogits(stream.push(ids.subarray(at, at + count)));
      // The last row of a window foretells nothing.
      const isEnd = at + count === ids.length || stream.position === window;
      const foretold = ids.subarray(at + 1, at + count + (isEnd ? 0 : 1));
      sum.nats += surprise(logits, foretold, model.outputSize);
      if (!Number.isFinite(sum.nats)) {
        throw notFinite(`measure: a logit of tokens ${at} to ${at + count - 1} is NaN or infinite`);
      }
      sum.tokens += foretold.length;
      for (const id of foretold) sum.bytes += utf8Length(text.push(id));
      at += count;
      onProgress?.(at, ids.length);
      await pause();
    }
  } finally {
    stream.dispose();
  }
  sum.bytes += utf8Length(text.end());
  const nats = sum.nats / sum.tokens;
  const bits = sum.nats / Math.LN2;
  return {
    ...{ nats, bits: bits / sum.tokens, perplexity: 1 / exp(-nats) },
    ...{ bitsPerByte: bits / sum.bytes, tokens: sum.tokens },
  };
}

/** Σ -ln p of ids, one for each row of logits. */
function surprise(logits: Float32Array, ids: Int32Array, vocabulary: number): number {
  let sum = 0;
  ids.forEach((id, row) => {
    const first = row * vocabulary;
    sum += logSumExp(logits, first, vocabulary) - logits[first + id]!;
  });
  return sum;
}

function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();
