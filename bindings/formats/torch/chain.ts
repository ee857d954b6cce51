import type { Group } from "./infer.js";

/** More modules than this are a network of blocks, not a chain. */
const MAX_GROUPS = 16;

/** Steps of the search. */
const MAX_VISITS = 20_000;

/**
 * The one order of execution in which every layer reads as many features as the one before gives. Modules whose names
 * differ in numbers alone follow these.
 *
 * @returns the order, or why there is not exactly one
 */
export function orderGroups(groups: readonly Group[]): readonly Group[] | string {
  if (groups.length === 0) return "none of the names belongs to a known layer";
  if (groups.length > MAX_GROUPS) return `${groups.length} layers may be in many orders`;
  const search = new Search(groups);
  const [chain, other] = search.run();
  if (search.isCutShort) return `${groups.length} layers may be in many orders`;
  if (other) {
    const at = chain!.findIndex((group, i) => group !== other[i]);
    return `${nameOf(chain![at]!)} and ${nameOf(other[at]!)} fit in more than one order`;
  }
  if (!chain) {
    return groups.length === 1 ? "it is no first layer" : "in no order do all widths fit";
  }
  return doubtOf(chain) ?? chain;
}

/** What a state dict does not say, although numbers depend on it. */
function doubtOf(chain: readonly Group[]): string | undefined {
  const convolution = chain.find(({ type }) => type === "conv1d");
  if (convolution) return `stride and padding of ${nameOf(convolution)} are not in the file`;
  const second = chain.findIndex((group, i) => isLinear(group) && isLinear(chain[i - 1]));
  if (second < 0) return undefined;
  const [before, after] = [nameOf(chain[second - 1]!), nameOf(chain[second]!)];
  return `the activation between ${before} and ${after} is not in the file`;
}

function isLinear(group: Group | undefined): boolean {
  return group?.type === "linear";
}

function nameOf({ prefix, type }: Group): string {
  return prefix || type;
}

/** Depth first through all orders that fit, until two are found. */
class Search {
  readonly #found: Group[][] = [];
  #visits = 0;

  /** More orders were possible than were tried. */
  get isCutShort(): boolean {
    return this.#visits > MAX_VISITS;
  }

  constructor(private readonly groups: readonly Group[]) {}

  run(): readonly Group[][] {
    this.#extend([], undefined);
    return this.#found;
  }

  #extend(chain: readonly Group[], width: number | undefined): void {
    if (chain.length === this.groups.length) this.#found.push([...chain]);
    if (this.#found.length > 1 || ++this.#visits > MAX_VISITS) return;
    for (const group of this.groups) {
      if (chain.includes(group) || !this.#isNext(group, chain)) continue;
      if (group.vocabulary !== undefined && chain.length > 0) continue;
      const inputs = group.inputs ?? width;
      if (chain.length > 0 && width !== undefined && inputs !== width) continue;
      this.#extend([...chain, group], inputs === undefined ? undefined : group.outputs(inputs));
    }
  }

  /** Whether all modules of the same name with lower numbers are in the chain. */
  #isNext(group: Group, chain: readonly Group[]): boolean {
    const isBefore = (other: Group) =>
      patternOf(other) === patternOf(group) && compareNumbers(other.prefix, group.prefix) < 0;
    return this.groups.every((other) => chain.includes(other) || !isBefore(other));
  }
}

function patternOf({ type, prefix }: Group): string {
  return `${type} ${prefix.replaceAll(/\d+/g, "#")}`;
}

/** Order by the numbers in two names, first one first. */
function compareNumbers(a: string, b: string): number {
  const [first, second] = [numbersOf(a), numbersOf(b)];
  const at = first.findIndex((number, i) => number !== second[i]);
  return at < 0 ? 0 : first[at]! - (second[at] ?? first[at]!);
}

function numbersOf(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}
