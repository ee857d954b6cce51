// Draws docs/window.svg: what a memory of 256 numbers remembers of a signal, beside the signal itself. Needs dist.
import { writeFileSync } from "node:fs";
import { memoryFile } from "../examples/readout/memory.mjs";

process.chdir(new URL("..", import.meta.url).pathname);
const { load } = await import("../dist/index.js");

const [ORDER, THETA] = [256, 784];
/** Steps drawn from before the window, and steps heard altogether. */
const [BEFORE, HEARD] = [96, 3000];
const [WIDTH, LEFT, TOP, CURVES, STRIP] = [760, 20, 52, 150, 36];
/** The errors are drawn so many times as large as the curves. */
const MAGNIFICATION = 200;

/** Two tones that glide through each other, one of them up to 32 times in a window. @param {number} t */
const signal = (t) => {
  const ago = (HEARD - t) / THETA;
  const low = Math.sin(2 * Math.PI * (2.6 * ago + 0.9 * ago * ago));
  const high = Math.sin(2 * Math.PI * (32 * ago - 14 * ago * ago) + 1);
  return 0.55 * low + 0.45 * high * Math.sin(Math.PI * (1.5 * ago + 0.12));
};

const model = await load(memoryFile(ORDER, THETA));
const stream = model.stream();
stream.push(Float32Array.from({ length: HEARD }, (_, t) => signal(t)));
const window = stream.window("memory"); // window[k] is the sample k steps ago
const NOW = HEARD - 1;
const FIRST = NOW - THETA + 1 - BEFORE;

/** @param {number} t */
const x = (t) => LEFT + ((t - FIRST) * (WIDTH - 2 * LEFT)) / (NOW - FIRST);
const scale = CURVES / 2;
/** @param {number} value */
const y = (value) => TOP + CURVES / 2 - value * scale;
const bottom = TOP + CURVES + STRIP;
const times = Array.from({ length: THETA }, (_, i) => NOW - THETA + 1 + i);
/** @param {number} t @returns {number} */
const remembered = (t) => Number(window[NOW - t]);

/**
 * A path through the signal, every two steps.
 *
 * @param {number} from
 * @param {number} to
 */
const curve = (from, to) =>
  Array.from({ length: Math.floor((to - from) / 2) + 1 }, (_, i) => from + 2 * i)
    .map((t, i) => `${i ? "L" : "M"}${x(t).toFixed(1)} ${y(signal(t)).toFixed(1)}`)
    .join("");
const dots = times
  .filter((t) => (NOW - t) % 4 === 0)
  .map((t) => `M${x(t).toFixed(1)} ${y(remembered(t)).toFixed(1)}h0`);
const bars = times
  .filter((t) => t % 3 === 0)
  .map((t) => {
    const height = Math.abs(remembered(t) - signal(t)) * scale * MAGNIFICATION;
    return `M${x(t).toFixed(1)} ${bottom}v${(-Math.min(STRIP, height)).toFixed(1)}`;
  });
const oldest = x(NOW - THETA + 0.5).toFixed(1);
/** @param {number} left @param {number} top @param {string} words */
const text = (left, top, words, color = "#808080", anchor = "start") =>
  `<text x="${left}" y="${top}" fill="${color}" text-anchor="${anchor}">${words}</text>`;

// Colours that are seen on white and on black; no background.
const [TRUTH, DECODED, ERROR, PAST] = ["#d08700", "#1690b8", "#d0504c", "#808080"];
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 30}" font-family="system-ui, sans-serif" font-size="13" role="img">
<title>The last ${THETA} steps of a signal, and what a memory of ${ORDER} numbers remembers of them</title>
${text(LEFT, 20, "a signal", TRUTH)}
${text(LEFT + 70, 20, `● decoded out of ${ORDER} numbers`, DECODED)}
${text(+oldest + 6, 44, `${THETA} steps ago`)}
${text(WIDTH - LEFT, 44, "now", PAST, "end")}
<path d="M${oldest} 34V${bottom}" stroke="${PAST}" stroke-dasharray="2 3"/>
<path d="${curve(FIRST, NOW - THETA + 1)}" fill="none" stroke="${PAST}" stroke-opacity=".6" stroke-width="1.4" stroke-linejoin="round"/>
<path d="${curve(NOW - THETA + 1, NOW)}" fill="none" stroke="${TRUTH}" stroke-width="1.6" stroke-linejoin="round"/>
<path d="${dots.join("")}" stroke="${DECODED}" stroke-width="4.4" stroke-linecap="round"/>
<path d="${bars.join("")}" stroke="${ERROR}" stroke-width="2"/>
<path d="M${LEFT} ${bottom}H${WIDTH - LEFT}" stroke="${PAST}" stroke-width=".5"/>
${text(+oldest, bottom + 20, `error, ${MAGNIFICATION} times as large`, ERROR)}
</svg>
`;
writeFileSync("docs/window.svg", svg);
