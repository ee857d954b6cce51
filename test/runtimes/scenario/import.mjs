import { load } from "lmu-wasm";
import { legendre } from "lmu-wasm/legendre";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

console.log(JSON.stringify(await scenario({ load, legendre }, models)));
