/* global console, require */
/* eslint-disable @typescript-eslint/no-require-imports -- this is what it tests */
const lmu = require("lmu-wasm");
const { models } = require("./models.mjs");
const { scenario } = require("./scenario.mjs");

scenario(lmu, models).then((digests) => console.log(JSON.stringify(digests)));
