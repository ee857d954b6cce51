// Writes the snapshots beside it. They must load for ever: make new ones under other names, never these again.
import { readFileSync, writeFileSync } from "node:fs";
import { load } from "../../../dist/index.js";
import { HALF, signal } from "../../runtimes/scenario/scenario.mjs";

const root = new URL("../../../", import.meta.url);

async function make(path, dtypes) {
  const model = await load(readFileSync(new URL(path, root)));
  const stream = model.stream();
  stream.push(signal(model).subarray(0, HALF * model.inputSize));
  const [name] = path.split("/").at(-1).split(".");
  for (const dtype of dtypes) {
    const file = new URL(`${name}.${dtype}.snapshot`, import.meta.url);
    writeFileSync(file, stream.save({ dtype }));
  }
}

await make("models/mackey-glass.safetensors", ["f32", "f16", "int8"]);
await make("test/golden/keras/conv-front-end.keras", ["f32"]);
await make("test/golden/keras/hidden-lstm-all-connections.keras", ["f32"]);
