/* global console, require */
/* eslint-disable @typescript-eslint/no-require-imports -- this is what it tests */
const { load } = require("lmu-wasm");
const { legendre } = require("lmu-wasm/legendre");
const { models } = require("./models.mjs");
const { scenario } = require("./scenario.mjs");

scenario({ load, legendre }, models).then((digests) => console.log(JSON.stringify(digests)));
