import { appFile, copyModels, MODELS } from "../app.mjs";

const main = `import { stream } from "./stream.js";
const outputs = {};
for (const name of ${JSON.stringify(Object.keys(MODELS))}) outputs[name] = await stream(name);
console.log(JSON.stringify(outputs));
`;

/** Plain Node, the one this runs on: what it says is what all others are compared with. */
export const node = {
  name: "node",
  packages: [],
  files: { "stream.js": appFile("stream.js"), "main.js": main },
  async run({ folder, run }) {
    copyModels(folder);
    const outputs = JSON.parse(await run(`"${process.execPath}" main.js`));
    return { outputs: { native: outputs["model.safetensors"], keras: outputs["model.keras"] } };
  },
};
