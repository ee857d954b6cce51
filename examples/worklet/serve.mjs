// Serves the repository on this machine and prints where the page is: node examples/worklet/serve.mjs
import { fileURLToPath } from "node:url";
import { openSite } from "../../test/runtimes/site.mjs";

const { address } = await openSite(fileURLToPath(new URL("../..", import.meta.url)));
console.log(`${address}/examples/worklet/index.html`);
