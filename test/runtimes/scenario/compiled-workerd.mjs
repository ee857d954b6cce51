import { models } from "./compiled-modules.mjs";
import { runCompiled } from "./compiled.mjs";

export default {
  async test() {
    console.log(JSON.stringify(await runCompiled(models)));
  },
};
