import { exp, logSumExp } from "./elementary.js";
import type { Sampling } from "./options.js";

/** A token that has been chosen. */
export interface Choice {
  readonly id: number;
  /** ln of the probability that the model gives it, before temperature and whatever else changes it. */
  readonly logProbability: number;
}

/** What a {@link Sampler} remembers. */
export interface SamplerState {
  readonly random: number;
  /** Tokens that have been there, where they are penalised. */
  readonly seen: readonly number[];
}

/**
 * Chooses tokens: repetition penalty (Keskar et al. 2019), temperature, topK, topP (Holtzman et al. 2020), in this order.
 * The same seed chooses the same on every engine.
 */
export class Sampler {
  readonly #options: Sampling;
  /** mulberry32. */
  #random: number;
  /** 1 for tokens that have been there; not kept unless they are to be penalised. */
  readonly #seen: Uint8Array | undefined;

  constructor(options: Sampling, vocabulary: number, state?: SamplerState) {
    this.#options = options;
    this.#random = state?.random ?? options.seed | 0;
    if (options.repetitionPenalty !== 1) this.#seen = new Uint8Array(vocabulary);
    this.see(state?.seen ?? []);
  }

  /** All that it remembers. */
  get state(): SamplerState {
    const seen = [...(this.#seen ?? []).keys()].filter((id) => this.#seen![id]);
    return { random: this.#random, seen };
  }

  /** Takes note of tokens that are there. */
  see(ids: ArrayLike<number>): void {
    for (let i = 0; this.#seen && i < ids.length; i++) this.#seen[ids[i]!] = 1;
  }

  /** @param logits - f32[vocabulary], finite */
  choose(logits: Float32Array): Choice {
    const { temperature } = this.#options;
    const scores = this.#penalised(logits);
    const id = temperature === 0 ? highest(scores) : this.#draw(scores);
    this.see([id]);
    return { id, logProbability: logits[id]! - logSumExp(logits, 0, logits.length) };
  }

  #penalised(logits: Float32Array): Float32Array {
    const { repetitionPenalty: penalty } = this.#options;
    const seen = this.#seen;
    if (!seen) return logits;
    return logits.map((x, id) => (!seen[id] ? x : x > 0 ? x / penalty : x * penalty));
  }

  #draw(scores: Float32Array): number {
    const { temperature, topK, topP } = this.#options;
    const top = scores[highest(scores)]!;
    const weights = Float64Array.from(scores, (score) => exp((score - top) / temperature));
    let ids = idsAbove(weights, 0);
    if (topK < ids.length) ids = byWeight(ids, weights).slice(0, topK);
    if (topP < 1) ids = nucleus(ids, weights, topP);
    let left = this.#next() * total(ids, weights);
    for (const id of ids) {
      left -= weights[id]!;
      if (left < 0) return id;
    }
    return ids.at(-1)!;
  }

  /** Uniform in [0, 1). */
  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
}

/** The first of the highest. */
function highest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

function total(ids: readonly number[], weights: Float64Array): number {
  return ids.reduce((sum, id) => sum + weights[id]!, 0);
}

function idsAbove(weights: Float64Array, least: number): number[] {
  const ids: number[] = [];
  for (let id = 0; id < weights.length; id++) if (weights[id]! > least) ids.push(id);
  return ids;
}

/** The most likely first; equals in the order of their ids. */
function byWeight(ids: readonly number[], weights: Float64Array): number[] {
  return [...ids].sort((a, b) => weights[b]! - weights[a]! || a - b);
}

/** The fewest tokens whose probabilities come to topP, and at least one. */
function nucleus(ids: readonly number[], weights: Float64Array, topP: number): number[] {
  const sum = total(ids, weights);
  // All below this come to less than 1 - topP together, so none is needed: few are left to be sorted.
  const least = ((1 - topP) * sum) / ids.length;
  const likely = byWeight(
    ids.filter((id) => weights[id]! >= least),
    weights,
  );
  let reached = 0;
  const end = likely.findIndex((id) => (reached += weights[id]!) >= topP * sum);
  return end < 0 ? likely : likely.slice(0, end + 1);
}
