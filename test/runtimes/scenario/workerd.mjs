import { load } from "lmu-wasm";
import { LanguageModel } from "lmu-wasm/language";
import { legendre } from "lmu-wasm/legendre";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

export default {
  async test() {
    console.log(JSON.stringify(await scenario({ load, legendre, LanguageModel }, models)));
  },
};
