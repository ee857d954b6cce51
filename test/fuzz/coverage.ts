import { Session } from "node:inspector/promises";
import type { Profiler } from "node:inspector";

/** Which blocks of a script have run, by V8's own count. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** @param url - how the script's URL ends */
  constructor(private readonly url: string) {}

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post("Profiler.enable");
    await this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Blocks seen so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** Whether all of them have run before. */
  has(blocks: Iterable<string>): boolean {
    return [...blocks].every((block) => this.#seen.has(block));
  }

  /** Blocks that ran since the last call. */
  async taken(): Promise<Set<string>> {
    const { result } = (await this.#session.post(
      "Profiler.takePreciseCoverage",
    )) as Profiler.TakePreciseCoverageReturnType;
    const blocks = new Set<string>();
    for (const { url, functions } of result) {
      if (!url.endsWith(this.url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) blocks.add(`${startOffset}:${endOffset}`);
        }
      }
    }
    return blocks;
  }

  /** Those of them that had never run before; from now on they have. */
  fresh(blocks: ReadonlySet<string>): string[] {
    const fresh = [...blocks].filter((block) => !this.#seen.has(block));
    for (const block of fresh) this.#seen.add(block);
    return fresh;
  }
}
