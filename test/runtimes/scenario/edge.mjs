/* global addEventListener, Response */
import { load } from "lmu-wasm";
import { LanguageModel } from "lmu-wasm/language";
import { legendre } from "lmu-wasm/legendre";
import { models } from "./models.mjs";
import { scenario } from "./scenario.mjs";

addEventListener("fetch", (event) =>
  event.respondWith(scenario({ load, legendre, LanguageModel }, models).then(Response.json)),
);
