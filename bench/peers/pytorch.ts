import { spawn, spawnSync } from "node:child_process";
import type { Contender } from "./rounds.js";

/** The Python that has PyTorch, if any. */
const PYTHON = process.env["PYTHON"] ?? "python3";

/** A sequence of the LMU of lmu.ts: what pytorch.py takes. */
export interface Sequences {
  readonly order: number;
  readonly units: number;
  readonly steps: number;
  readonly batch: number;
  /** A, B, Wm, Wh, Wx, b as columns, and the samples, [batch][steps]. */
  readonly arrays: readonly Float32Array[];
}

/** PyTorch in a process of its own, which waits until it is asked to run: a call is 0.1 ms of pipes. None without PyTorch. */
export function pytorch({ order, units, steps, batch, arrays }: Sequences): Contender[] {
  if (spawnSync(PYTHON, ["-c", "import torch"]).status !== 0) {
    console.warn(`No PyTorch in ${PYTHON}: PYTHON=/path/to/python names another.`);
    return [];
  }
  const { stdin, stdout } = spawn(PYTHON, ["bench/peers/pytorch.py"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  for (const array of [Int32Array.of(order, units, steps, batch), ...arrays]) {
    stdin.write(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  const chunks = stdout[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const run = async () => {
    stdin.write("r");
    const rows = new Uint8Array(4 * batch * units);
    for (let at = 0; at < rows.length;) {
      const { value, done } = await chunks.next();
      if (done) throw new Error("pytorch.py has ended");
      rows.set(value, at);
      at += value.length;
    }
    return new Float32Array(rows.buffer);
  };
  return [{ name: "PyTorch", count: batch, run }];
}
