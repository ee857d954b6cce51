import { fileURLToPath } from "node:url";
import type { Model } from "../model/model.js";
import { load } from "../index.js";
import { AHEAD, mackeyGlass } from "./mackey-glass.js";
import { LivePlot } from "./plot.js";
import { count } from "./text.js";

/** Options of `lmu-wasm demo`. */
interface DemoOptions {
  readonly steps: number;
  readonly series: number;
  readonly json: boolean;
  /** Samples drawn per second; 0 draws the end only. */
  readonly speed: number;
}

/** What the demo found out. */
interface DemoResult {
  readonly model: string;
  readonly steps: number;
  /** Root mean square error over that of the series. */
  readonly nrmse: number;
  /** Of `stream.step`, drawing not counted. */
  readonly stepsPerSecond: number;
  readonly parameters: number;
  readonly stateBytes: number;
  readonly wasmBytes: number;
}

/** The model this package comes with. */
const DEMO_MODEL = new URL("../../models/mackey-glass.safetensors", import.meta.url);

/** Streams a Mackey-Glass series sample by sample and draws prediction and truth as it goes. */
export async function demo(options: DemoOptions): Promise<void> {
  const model = await load(DEMO_MODEL);
  const { isTTY = false, columns = 80 } = process.stdout;
  const isLive = isTTY && !options.json && options.speed > 0;
  const isColored = isTTY && !process.env["NO_COLOR"];
  const plot = await LivePlot.create(Math.min(100, columns - 12), AHEAD, isColored);
  if (!options.json) process.stdout.write(`${heading(model)}  ${plot.legend}\n`);
  const result = await run(model, options, isLive ? plot : undefined, plot);
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stdout.write(`${isLive ? "" : plot.draw()}${summary(result)}`);
}

function heading(model: Model): string {
  const { layers } = model.report();
  const lmus = layers.filter(({ type }) => type === "lmu").length;
  return `Mackey-Glass, tau 17, ${AHEAD} steps ahead, through ${lmus} LMU layers, one sample at a time\n`;
}

/** Steps through the series; draws while it goes on if there is a live plot. */
async function run(
  model: Model,
  { steps, series, speed }: DemoOptions,
  live: LivePlot | undefined,
  plot: LivePlot,
): Promise<DemoResult> {
  const samples = mackeyGlass(series, steps + AHEAD);
  const predictions = new Float32Array(steps);
  const stream = model.stream();
  const frame = live ? Math.max(1, Math.round(speed / FRAMES)) : steps;
  let elapsed = 0;
  for (let first = 0; first < steps; first += frame) {
    const last = Math.min(first + frame, steps);
    const start = performance.now();
    for (let t = first; t < last; t++) predictions[t] = stream.step(samples[t]!)[0]!;
    elapsed += performance.now() - start;
    for (let t = first; t < last; t++) plot.add(predictions[t]!, samples[t]!);
    if (!live) continue;
    process.stdout.write(live.redraw());
    await new Promise((resolve) => setTimeout(resolve, 1000 / FRAMES));
  }
  const { parameters, stateBytes } = model.report();
  return {
    model: fileURLToPath(DEMO_MODEL),
    steps,
    nrmse: nrmse(predictions, samples.subarray(AHEAD)),
    stepsPerSecond: Math.round((steps / elapsed) * 1000),
    parameters,
    stateBytes,
    wasmBytes: await wasmBytes(),
  };
}

/** Root mean square of the error over that of the truth. */
function nrmse(predictions: Float32Array, truth: Float32Array): number {
  let [errors, squares] = [0, 0];
  for (let t = 0; t < predictions.length; t++) {
    errors += (predictions[t]! - truth[t]!) ** 2;
    squares += truth[t]! ** 2;
  }
  return Math.sqrt(errors / squares);
}

/** Pictures per second of the live plot. */
const FRAMES = 20;

async function wasmBytes(): Promise<number> {
  const { stat } = await import("node:fs/promises");
  return (await stat(new URL("../lmu.wasm", import.meta.url))).size;
}

function summary(result: DemoResult): string {
  return [
    "",
    `  error   NRMSE ${result.nrmse.toFixed(4)} over ${count(result.steps)} steps, from the zero state`,
    `  speed   ${count(result.stepsPerSecond)} steps per second on one thread`,
    `  state   ${count(result.stateBytes)} bytes, whatever the length of the signal`,
    `  model   ${count(result.parameters)} parameters`,
    `  wasm    ${count(result.wasmBytes)} bytes for all models`,
    "",
  ].join("\n");
}
