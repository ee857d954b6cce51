/* global addEventListener, Response */
import * as lmu from "lmu-wasm";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

addEventListener("fetch", (event) => event.respondWith(scenario(lmu, models).then(Response.json)));
