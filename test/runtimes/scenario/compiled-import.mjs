import { models } from "./compiled-bytes.mjs";
import { runCompiled } from "./compiled.mjs";

console.log(JSON.stringify(await runCompiled(models)));
