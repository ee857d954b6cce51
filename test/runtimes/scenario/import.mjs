import * as lmu from "lmu-wasm";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

console.log(JSON.stringify(await scenario(lmu, models)));
