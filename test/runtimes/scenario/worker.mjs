import * as lmu from "lmu-wasm/worker";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

console.log(JSON.stringify(await scenario(lmu, models.slice(0, 1))));
