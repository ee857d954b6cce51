// All sequences of a file through a model: node batch.mjs MODEL INPUT OUTPUT STEPS. The same line again goes on after a kill.
import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { SingleBar } from "cli-progress";
import { LmuError, load } from "lmu-wasm";
import { Piscina } from "piscina";

/** Bytes of input that a thread gets at a time, about. */
const PART_BYTES = 1 << 20;

/**
 * Outputs of all sequences, in their order.
 *
 * @param {{ model: string, input: string, output: string, steps: number, threads?: number }} job - input: f32[sequences,
 *   steps, inputSize], row by row; output: f32, what model.run gives for each. What it has already is kept
 * @param {(done: number, all: number) => void} progress - sequences
 * @throws RangeError if input is not made of whole sequences, or output of another job; LmuError as model.run: output then
 *   has what comes before
 */
export async function batch(
  { model, input, output, steps, threads = availableParallelism() },
  progress = () => {},
) {
  const source = await open(input, "r");
  const target = await open(output, "a+");
  const pool = new Piscina({
    filename: new URL("worker.mjs", import.meta.url).href,
    workerData: { model },
    maxThreads: threads,
    minThreads: threads,
  });
  const waiting = [];
  try {
    const { sequences, inBytes, outBytes } = await sizesOf(model, source, steps);
    // A part that was not written to its end is written again.
    let done = Math.floor((await target.stat()).size / outBytes);
    if (done > sequences) throw new RangeError(`Cannot go on: ${output} is of another job`);
    await target.truncate(done * outBytes);
    progress(done, sequences);
    const most = Math.max(1, Math.floor(PART_BYTES / inBytes));
    for (let next = done; done < sequences;) {
      // Twice as many parts as threads are on the way: none waits, and memory has a bound.
      while (next < sequences && waiting.length < 2 * threads) {
        const count = Math.min(most, sequences - next);
        const part = new Float32Array((count * inBytes) / 4);
        await readAll(source, new Uint8Array(part.buffer), next * inBytes);
        const result = pool.run({ input: part, sequences: count }, { transferList: [part.buffer] });
        // Whoever fails is heard when its turn comes.
        result.catch(() => {});
        waiting.push({ count, result });
        next += count;
      }
      const { count, result } = waiting.shift();
      const outputs = await result;
      if (outputs.code) throw new LmuError(outputs.code, outputs.message);
      await target.appendFile(new Uint8Array(outputs));
      done += count;
      progress(done, sequences);
    }
  } finally {
    await pool.destroy();
    await Promise.all([source.close(), target.close()]);
  }
}

async function sizesOf(path, source, steps) {
  const model = await load(path);
  const inBytes = steps * model.inputSize * 4;
  const { size } = await source.stat();
  if (!(inBytes > 0) || size % inBytes !== 0) {
    throw new RangeError(`Cannot run: input has ${size} bytes, expected a multiple of ${inBytes}`);
  }
  const outBytes = model.run(new Float32Array(steps * model.inputSize)).byteLength;
  model.dispose();
  return { sequences: size / inBytes, inBytes, outBytes };
}

async function readAll(file, bytes, at) {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, at + done);
    if (bytesRead === 0) throw new RangeError("Cannot run: input became shorter");
    done += bytesRead;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [model, input, output, steps] = process.argv.slice(2);
  const bar = new SingleBar({
    format: "{bar} {value} of {total} sequences, {eta_formatted} left",
    noTTYOutput: true,
  });
  let isStarted = false;
  await batch({ model, input, output, steps: Number(steps) }, (done, all) => {
    if (isStarted) bar.update(done);
    else bar.start(all, done);
    isStarted = true;
  });
  bar.stop();
}
