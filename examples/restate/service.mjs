// The service that Restate calls: node service.mjs PORT MODEL... (the newest last)
import { load } from "lmu-wasm";
import { serve } from "./stream.mjs";

const [port, ...paths] = process.argv.slice(2);
await serve(port, await Promise.all(paths.map((path) => load(path))));
