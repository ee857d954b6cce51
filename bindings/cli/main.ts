#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { isSystemError, sentenceOf } from "./system-error.js";
import { print } from "./text.js";

/*
 * The command. Every subcommand loads what it needs when it runs, so that `--help` is instant.
 */

// Whoever reads the output may have seen enough, as `head` has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const manifest = new URL("../../package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

const program = new Command("lmu-wasm")
  .description("Run, inspect and convert Legendre Memory Unit models.")
  .version(version)
  .showHelpAfterError();

program
  .command("demo")
  .description("stream a Mackey-Glass series through the model that comes with the package")
  .option("--steps <count>", "samples to stream", countFrom(1), 5000)
  .option("--series <seed>", "which series: 64 to 127 are the test set", countFrom(0), 64)
  .option("--speed <rate>", "samples drawn per second; 0 draws the end only", countFrom(0), 1000)
  .option("--json", "print the result as JSON", false)
  .action(async (options) => {
    const { demo } = await import("./demo.js");
    await demo(options);
  });

const DTYPES = ["f32", "f16", "bf16", "int8"];

/** A command that reads a model, with the options that some formats need. */
function reading(usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option("--config <file>", "Keras configuration (model.to_json()), for weights alone")
    .option(
      "--layers <json>",
      "layers of a PyTorch state dict, as an error suggests them or as JSON, or a file of it",
    )
    .option("--json", "print the result as JSON", false);
}

/** A command that runs the model, too, or what makes it run elsewhere. */
function running(usage: string, description: string): Command {
  const weights = new Option("--weights <type>", "how matrices are multiplied");
  return reading(usage, description).addOption(weights.choices(["f32", "int8"]).default("f32"));
}

running(
  "inspect <model>",
  "print layers, shapes, conventions, costs and warnings of a model",
).action(async (model, options) => {
  const { inspect } = await import("./inspect.js");
  await inspect(model, options);
});

reading("convert <in> <out>", "write a model of any format as native safetensors")
  .addOption(new Option("--dtype <type>", "how weights are stored").choices(DTYPES).default("f32"))
  .action(async (from, to, options) => {
    const { convert } = await import("./convert.js");
    await convert(from, to, options);
  });

running("compile <model>", "write a model as one WebAssembly module without imports")
  .requiredOption("-o, --output <file>", "the module, as a rule model.wasm")
  .option("--types", "write its declarations for TypeScript beside it", false)
  .option(
    "--steps <count>",
    "that a sequence has at most: states of attention have room for so many",
    countFrom(1),
  )
  .option("--labels <names>", "names of the outputs, with commas between or a file of lines")
  .action(async (model, options) => {
    const { compile } = await import("./compile.js");
    await compile(model, { ...options, version });
  });

running(
  "check <model> <io>",
  "run the tensor input of a safetensors file, compare with its output; exits with 1 if they differ",
)
  .option("--tolerance <number>", "largest difference that passes", tolerance, 1e-4)
  .action(async (model, io, options) => {
    const { check } = await import("./check.js");
    await check(model, io, options);
  });

running(
  "run <model> <input>",
  "run a model on the rows of a .csv, .npy or .wav file, one row a step",
)
  .option("-o, --output <file>", "where outputs go: .npy, or a table", "-")
  .option("--columns <names>", "columns of a table, by name or number from 1, with commas between")
  .option("--labels <names>", "names of the outputs, with commas between or a file of lines")
  .action(async (model, input, options) => {
    const { run } = await import("./run/run.js");
    await run(model, input, options);
  });

running("bench <model>", "measure a model on this machine: start, steps, sequences, pool, memory")
  .option("--rate <hertz>", "samples that come in a second: how much faster than that it is", rate)
  .option("--seconds <number>", "time for each figure", rate, 1)
  .option(
    "--compare <file>",
    "what --json printed earlier; exits with 1 if something is slower now",
  )
  .action(async (model, options) => {
    const { bench } = await import("./bench/bench.js");
    await bench(model, options);
  });

running("generate <model>", "write on after a prompt, as text comes out of a language model")
  .requiredOption(
    "--prompt <text>",
    "what the text begins with; - reads it from the standard input",
  )
  .option("--max-tokens <count>", "tokens to write", countFrom(0), 200)
  .option(
    "--temperature <number>",
    "0 takes the most likely token, 1 what the model gives",
    tolerance,
    0.7,
  )
  .option("--top-k <count>", "only so many of the most likely tokens", countFrom(1))
  .option(
    "--top-p <number>",
    "only the most likely tokens that come to this probability",
    tolerance,
  )
  .option("--repetition-penalty <number>", "weakens tokens that are there already", tolerance)
  .option("--stop <text...>", "texts at which to end")
  .option("--seed <integer>", "the same seed writes the same", countFrom(0), 0)
  .action(async (model, options) => {
    const { generate } = await import("./generate.js");
    await generate(model, options);
  });

running("perplexity <model> <file>", "how well a language model foretells a text")
  .option("--window <tokens>", "tokens after which it forgets all", countFrom(2))
  .action(async (model, file, options) => {
    const { perplexity } = await import("./perplexity.js");
    await perplexity(model, file, options);
  });

function tolerance(text: string): number {
  const value = Number(text);
  if (!text.trim() || !(value >= 0)) throw new InvalidArgumentError("expected a number from 0.");
  return value;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity))
    throw new InvalidArgumentError("expected a number above 0.");
  return value;
}

function countFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`expected an integer from ${least}.`);
  };
}

try {
  await program.parseAsync();
} catch (error) {
  // Files that cannot be written, too, and inputs that do not fit are the user's business and need no stack.
  if (!(error instanceof Error && ("code" in error || error instanceof RangeError))) throw error;
  const code = "code" in error ? ` (${String(error.code)})` : "";
  const message = isSystemError(error)
    ? sentenceOf("open", error.path ?? "the input", error)
    : error.message;
  // Some end in lines to copy.
  const [first, ...lines] = message.split("\n");
  print([`lmu-wasm: ${first}${code}`, ...lines], process.stderr);
  process.exitCode = 1;
}
