import { type Group, nameOf } from "./group.js";

/** More modules than this are a network of blocks; the search goes as deep as there are modules. */
const MAX_GROUPS = 256;

/** Modules that the search may look at. */
const MAX_LOOKS = 300_000;

/** The order in which modules run. */
export interface Chain {
  readonly groups: readonly Group[];
  /** Others fit as well: the file's was taken. */
  readonly isOfFile?: boolean;
}

/**
 * The one order of execution in which every layer reads as many features as the one before gives, and modules whose names
 * differ in numbers alone follow these; where there are several, that of the file if it is among them.
 *
 * @param isInOrder - the file names modules in the order in which the code made them
 * @returns the order, or why there is none
 */
export function orderGroups(groups: readonly Group[], isInOrder: boolean): Chain | string {
  if (groups.length === 0) return "none of the names belongs to a known layer";
  const before = predecessors(groups);
  const chain = new Search(groups, before).run();
  if (typeof chain !== "string") return { groups: chain };
  if (!isInOrder || !fits(groups, before)) return chain;
  return takingTurns(groups) ?? { groups, isOfFile: true };
}

type Predecessors = readonly (number | undefined)[];

function fits(groups: readonly Group[], before: Predecessors): boolean {
  let width: number | undefined;
  return groups.every((group, i) => {
    const isNext = isReader(group, i, width) && (before[i] ?? -1) < i;
    width = widthAfter(group, width);
    return isNext;
  });
}

/** Whether a module can be the i-th, and read so many features: any if that is not known. */
function isReader({ inputs, vocabulary }: Group, i: number, width: number | undefined): boolean {
  if (i > 0 && vocabulary !== undefined) return false;
  return i === 0 || width === undefined || inputs === undefined || inputs === width;
}

function widthAfter({ inputs, outputs }: Group, width: number | undefined): number | undefined {
  const read = inputs ?? width;
  return read === undefined ? undefined : outputs(read);
}

/**
 * Lists side by side, `lstms.0, lstms.1, norms.0, norms.1`: code that makes one after the other runs them by turns, and
 * the file has no word of it.
 */
function takingTurns(groups: readonly Group[]): string | undefined {
  const patterns = groups.map(patternOf);
  const lists = [...new Set(patterns)].filter(
    (pattern) => patterns.indexOf(pattern) < patterns.lastIndexOf(pattern),
  );
  const spans = lists.map((list) => [patterns.indexOf(list), patterns.lastIndexOf(list)] as const);
  const second = spans.findIndex(([first], i) => i > 0 && spans[i - 1]![1] < first);
  if (second < 0) return undefined;
  const [before, after] = [groups[spans[second - 1]![0]]!, groups[spans[second]![0]]!];
  return `${nameOf(before)} … and ${nameOf(after)} … may take turns`;
}

/** Depth first through all orders that fit, until two are found. */
class Search {
  readonly #found: Group[][] = [];
  readonly #chain: number[] = [];
  readonly #isUsed: boolean[];
  #looks = 0;

  constructor(
    private readonly groups: readonly Group[],
    private readonly before: Predecessors,
  ) {
    this.#isUsed = groups.map(() => false);
  }

  /** The only order, or why there is none. */
  run(): readonly Group[] | string {
    const { groups } = this;
    if (groups.length <= MAX_GROUPS) this.#extend(undefined);
    const [chain, other] = this.#found;
    if (chain && other) {
      const at = chain.findIndex((group, i) => group !== other[i]);
      return `${nameOf(chain[at]!)} and ${nameOf(other[at]!)} fit in more than one order`;
    }
    if (groups.length > MAX_GROUPS || this.#looks > MAX_LOOKS) {
      return `${groups.length} layers may be in many orders`;
    }
    return (
      chain ??
      (groups.length === 1
        ? "it is no first layer"
        : "in no order do all widths fit (of heads side by side, keep one)")
    );
  }

  #extend(width: number | undefined): void {
    const { groups } = this;
    const depth = this.#chain.length;
    if (depth === groups.length) this.#found.push(this.#chain.map((i) => groups[i]!));
    for (const [i, group] of groups.entries()) {
      if (this.#found.length > 1 || ++this.#looks > MAX_LOOKS) return;
      const before = this.before[i];
      if (this.#isUsed[i] || (before !== undefined && !this.#isUsed[before])) continue;
      if (!isReader(group, depth, width)) continue;
      this.#chain.push(i);
      this.#isUsed[i] = true;
      this.#extend(widthAfter(group, width));
      this.#isUsed[i] = false;
      this.#chain.pop();
    }
  }
}

/** Of each module the one that comes before it by their numbers, if their names differ in nothing else. */
function predecessors(groups: readonly Group[]): Predecessors {
  const lists = new Map<string, number[]>();
  for (const [i, group] of groups.entries()) {
    const pattern = patternOf(group);
    const list = lists.get(pattern);
    if (list) list.push(i);
    else lists.set(pattern, [i]);
  }
  const before = new Array<number | undefined>(groups.length).fill(undefined);
  for (const list of lists.values()) {
    if (list.length === 1) continue;
    const numbers = new Map(list.map((i) => [i, numbersOf(groups[i]!)]));
    list.sort((a, b) => compare(numbers.get(a)!, numbers.get(b)!));
    for (let at = 1; at < list.length; at++) before[list[at]!] = list[at - 1];
  }
  return before;
}

function patternOf({ prefix }: Group): string {
  return prefix.replaceAll(/\d+/g, "#");
}

function numbersOf({ prefix }: Group): number[] {
  return (prefix.match(/\d+/g) ?? []).map(Number);
}

/** By the first number that differs. */
function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
