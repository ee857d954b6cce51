import * as lmu from "lmu-wasm";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

export default {
  async test() {
    console.log(JSON.stringify(await scenario(lmu, models)));
  },
};
