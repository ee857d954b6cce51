import { fileURLToPath } from "node:url";
import type { Model } from "../model/model.js";
import { load } from "../index.js";
import { AHEAD, mackeyGlass } from "./mackey-glass.js";
import { LivePlot } from "./plot.js";
import { count, print, printJson, wrap } from "./text.js";

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
  const { isTTY = false, columns = 80, rows = 24 } = process.stdout;
  const isTerminal = isTTY && process.env["TERM"] !== "dumb";
  // A picture that does not fit would scroll away instead of being drawn over.
  const fits = rows > LivePlot.lines && columns >= LivePlot.width;
  const isLive = isTerminal && fits && !options.json && options.speed > 0;
  const isColored = isTerminal && !process.env["NO_COLOR"];
  const width = Math.min(100, columns);
  const plot = await LivePlot.create({ width, isColored }, AHEAD);
  if (!options.json) print([...wrap(introduction(model, options.series), width), ""]);
  const result = await run(model, options, isLive ? plot : undefined, plot);
  if (options.json) return printJson(result);
  if (!isLive) process.stdout.write(plot.draw());
  print(["", ...summary(result, width), "", ...wrap(NEXT, width)]);
}

function introduction(model: Model, series: number): string {
  const { parameters } = model.report();
  return (
    "A Legendre Memory Unit (LMU) is a recurrent network that keeps the latest stretch of a signal as a few " +
    "Legendre coefficients, which a linear equation brings up to date with every sample. This one, of " +
    `${count(parameters)} trained numbers, reads a chaotic series (Mackey-Glass) that ${relationTo(series)}, ` +
    `a sample at a time, and says what comes ${AHEAD} steps later.`
  );
}

/** What the model had to do with a series: examples/mackey-glass/README.md. */
function relationTo(series: number): string {
  if (series < 32) return "it was trained on";
  return series < 64 ? "its training was validated with" : "it has never seen";
}

/** What to try next. */
const NEXT =
  "Next: `npx lmu-wasm inspect FILE` shows what is in a .keras, .h5, .pt or .safetensors file of yours; the README " +
  "runs it in a dozen lines. Another series: `npx lmu-wasm demo --series 100`.";

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

function summary(result: DemoResult, width: number): string[] {
  return [
    [
      "error",
      `NRMSE ${result.nrmse.toFixed(4)} over ${count(result.steps)} steps; repeating the input: 1.62`,
    ],
    ["speed", `${count(result.stepsPerSecond)} steps a second on one thread`],
    ["state", `${count(result.stateBytes)} bytes, however long the signal`],
    ["wasm", `${count(result.wasmBytes)} bytes, for all models`],
  ].flatMap(([name, text]) => wrap(text!, width, " ".repeat(7), name!.padEnd(7)));
}
