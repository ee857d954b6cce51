import { appFile, copyModels, MODELS } from "../app.mjs";

const main = `import { stream } from "./stream.js";
import { readFile } from "node:fs/promises";
import { stream as run } from "./compiled.js";
const outputs = { compiled: await run(readFile("model.wasm")) };
for (const name of ${JSON.stringify(Object.keys(MODELS))}) outputs[name] = await stream(name);
console.log(JSON.stringify(outputs));
`;

/** Plain Node, the one this runs on: what it says is what all others are compared with. */
export const node = {
  name: "node",
  packages: [],
  files: {
    "stream.js": appFile("stream.js"),
    "compiled.js": appFile("compiled.js"),
    "main.js": main,
  },
  async run({ folder, run }) {
    copyModels(folder);
    const outputs = JSON.parse(await run(`"${process.execPath}" main.js`));
    const { "model.safetensors": native, "model.keras": keras, compiled } = outputs;
    return { outputs: { native, keras, compiled } };
  },
};
