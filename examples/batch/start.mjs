// 200,000 sequences of 50 steps on all cores: npm start. End it with Ctrl-C and start it again: it goes on.
import { existsSync, mkdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { MODEL, writeSequences } from "../support/signals.mjs";

const STEPS = 50;
const folder = join(tmpdir(), "lmu-wasm-batch");
mkdirSync(folder, { recursive: true });
const [input, output] = ["input.f32", "output.f32"].map((name) => join(folder, name));
if (!existsSync(input)) writeSequences(input, 200_000, STEPS);
spawnSync(process.execPath, ["batch.mjs", MODEL, input, output, `${STEPS}`], { stdio: "inherit" });
console.log(output);
