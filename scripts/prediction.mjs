// Draws docs/mackey-glass.svg: what the model of this package predicts of a series that it has never seen. Needs dist.
import { mkdirSync, writeFileSync } from "node:fs";
import { compile } from "./typescript.mjs";

process.chdir(new URL("..", import.meta.url).pathname);
await compile(["bindings/cli/mackey-glass.ts"], "build/prediction");
// Made by the line above: nothing that tsc could know.
const compiled = "../build/prediction/mackey-glass.mjs";
const { AHEAD, mackeyGlass } = await import(compiled);
const { load } = await import("../dist/index.js");

/** A series of the test set, from a sample on, and the last that has been heard. */
const [SERIES, FIRST, NOW, LAST] = [64, 400, 585, 600];
const [WIDTH, LEFT, TOP, CURVES, STRIP] = [760, 20, 44, 150, 40];
/** The errors are drawn so many times as large as the curves. */
const MAGNIFICATION = 100;

const samples = mackeyGlass(SERIES, LAST + 1);
const model = await load("models/mackey-glass.safetensors");
const outputs = model.run(samples.subarray(0, NOW + 1));

/** @param {number} t */
const x = (t) => LEFT + ((t - FIRST) * (WIDTH - 2 * LEFT)) / (LAST - FIRST);
const scale = CURVES / 1.2;
/** @param {number} value */
const y = (value) => TOP + CURVES / 2 - value * scale;
const bottom = TOP + CURVES + STRIP;
const times = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i);
/** @param {number} t @returns {number} */
const predicted = (t) => Number(outputs[t - AHEAD]);

/**
 * A path through a value for every time.
 *
 * @param {number[]} list
 * @param {(t: number) => number} value
 */
const path = (list, value) =>
  list.map((t, i) => `${i ? "L" : "M"}${x(t).toFixed(1)} ${value(t).toFixed(1)}`).join("");
const dots = times
  .filter((t) => t > NOW || t % 4 === 0)
  .map((t) => `<circle cx="${x(t).toFixed(1)}" cy="${y(predicted(t)).toFixed(1)}" r="2.4"/>`);
const heard = times.filter((t) => t <= NOW);
const bars = heard.map((t) => {
  const height = Math.abs(predicted(t) - samples[t]) * scale * MAGNIFICATION;
  return `M${x(t).toFixed(1)} ${bottom}v${(-Math.min(STRIP, height)).toFixed(1)}`;
});
/** @param {number} left @param {number} top @param {string} words */
const text = (left, top, words, color = "#808080") =>
  `<text x="${left}" y="${top}" fill="${color}">${words}</text>`;

// Colours that are seen on white and on black; no background.
const [TRUTH, PREDICTION, ERROR] = ["#d08700", "#1690b8", "#d0504c"];
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" font-family="system-ui, sans-serif" font-size="13" role="img">
<title>A chaotic series, and what the model predicts of it ${AHEAD} steps before</title>
${text(LEFT, 20, "a chaotic series", TRUTH)}
${text(LEFT + 110, 20, `● predicted ${AHEAD} steps before`, PREDICTION)}
${text(x(NOW) - 26, 36, "now")}
<path d="M${x(NOW).toFixed(1)} 42V${bottom}" stroke="#808080" stroke-dasharray="2 3"/>
<path d="${path(times, (t) => y(samples[t]))}" fill="none" stroke="${TRUTH}" stroke-width="1.6" stroke-linejoin="round"/>
<g fill="${PREDICTION}">${dots.join("")}</g>
<path d="${bars.join("")}" stroke="${ERROR}" stroke-width="2"/>
<path d="M${LEFT} ${bottom}H${WIDTH - LEFT}" stroke="#808080" stroke-width=".5"/>
${text(LEFT, bottom + 20, `error, ${MAGNIFICATION} times as large`, ERROR)}
</svg>
`;
mkdirSync("docs", { recursive: true });
writeFileSync("docs/mackey-glass.svg", svg);
