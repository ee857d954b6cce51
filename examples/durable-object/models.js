import { load } from "lmu-wasm";
import newest from "lmu-wasm/models/mackey-glass.safetensors";

/** All models that sessions still run on, the newest last; all objects of an isolate share them. */
export const models = await Promise.all([newest].map((bytes) => load(bytes)));
