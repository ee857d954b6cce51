// Runs a bundle in Vercel's edge runtime and prints its answer to a request.
import { readFileSync } from "node:fs";
import { EdgeRuntime } from "edge-runtime";

const runtime = new EdgeRuntime({ initialCode: readFileSync(process.argv[2], "utf8") });
const response = await runtime.dispatchFetch("http://127.0.0.1/");
console.log(await response.text());
