import type { Generation, GenerationOptions, LanguageModel, Prompt } from "../language/language.js";
import type { LoadOptions } from "../model/load-options.js";
import type { Source } from "../source/source.js";
import { pauses } from "../pauses.js";
import type { Progress } from "../source/source.js";
import type { GenerationFacts, GenerationRequest, LanguageRequest } from "./protocol.js";

/** Language models and their texts in the worker, by handle. What they need is loaded with the first of them. */
export class HostLanguage {
  readonly #models = new Map<number, LanguageModel>();
  readonly #texts = new Map<number, { readonly model: number; readonly text: Generation }>();

  /** @param handle - gives numbers that nothing else has */
  constructor(private readonly handle: () => number) {}

  async load(source: unknown, options: LoadOptions): Promise<[number, LanguageModel]> {
    const { LanguageModel } = await import("../language/language.js");
    const lm = await LanguageModel.load(source as Source, options);
    const handle = this.handle();
    this.#models.set(handle, lm);
    return [handle, lm];
  }

  /** @param onProgress - told how many tokens of a text have been read */
  perform(
    request: LanguageRequest | GenerationRequest,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): unknown {
    if ("text" in request) return this.#performOnText(request, signal);
    const { call, model, prompt, options, snapshot } = request;
    const lm = this.#models.get(model)!;
    switch (call) {
      case "encode":
        return lm.encode(prompt as string);
      case "decode":
        return lm.decode(prompt as readonly number[]);
      case "logits":
        return lm.logits(prompt as Prompt);
      case "perplexity": {
        const tell = (loaded: number, total: number) => onProgress({ file: "", loaded, total });
        return lm.perplexity(prompt as Prompt, { ...options, signal, onProgress: tell });
      }
      case "generation":
        return this.#open(model, lm.generation(prompt as Prompt, options as GenerationOptions));
      case "restoreText":
        return this.#open(model, lm.restore(snapshot!));
    }
  }

  /** Drops a model with its texts, which end with it. */
  close(model: number): void {
    this.#models.delete(model);
    for (const [key, text] of this.#texts) if (text.model === model) this.#texts.delete(key);
  }

  async #performOnText(request: GenerationRequest, signal: AbortSignal): Promise<GenerationFacts> {
    const { model, text } = this.#texts.get(request.text)!;
    switch (request.call) {
      case "next": {
        const pause = pauses(signal);
        while (text.read()) await pause();
        const token = text.next();
        return { ...factsOf(text), token };
      }
      case "saveText":
        return { ...factsOf(text), snapshot: text.save() };
      case "rewind":
        text.rewind(request.snapshot!);
        return factsOf(text);
      case "forkText":
        return this.#open(model, text.fork(request.options));
      case "closeText":
        this.#texts.delete(request.text);
        text.dispose();
        return factsOf(text);
    }
  }

  #open(model: number, text: Generation): GenerationFacts {
    const handle = this.handle();
    this.#texts.set(handle, { model, text });
    return { ...factsOf(text), text: handle };
  }
}

function factsOf({ count, ended, position }: Generation): GenerationFacts {
  return { count, ended, position };
}
