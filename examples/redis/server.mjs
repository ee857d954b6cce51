// A server that keeps nothing; start as many as you like: node server.mjs MODEL... (the newest last)
import { load } from "lmu-wasm";
import { serve } from "./http.mjs";
import { connect, Sessions } from "./sessions.mjs";

const models = await Promise.all(process.argv.slice(2).map((path) => load(path)));
const redis = await connect(process.env.REDIS ?? "redis://127.0.0.1:6379");
await serve(new Sessions(redis, models), Number(process.env.PORT ?? 0));
