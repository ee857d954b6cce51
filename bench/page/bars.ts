import type { Figure } from "../../bindings/cli/bench/result.js";

/*
 * Figures as bars over a logarithmic axis, as SVG: the median call, and a line from there to the 99th percentile.
 */

const COLOR = "#1690b8";
const GREY = "#808080";
/** In pixels: the width, that of names, and the height of a bar with the room around it. */
const [WIDTH, LEFT, RIGHT, ROW] = [720, 110, 40, 26];

/** Bars, one a figure, in the text's own colour but for what is drawn. */
export function bars(figures: readonly Figure[]): string {
  const times = figures.flatMap(({ p50, p99 }) => [p50, p99]).filter((time) => time > 0);
  const low = Math.floor(Math.log10(Math.min(...times)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...times))));
  const at = (ns: number) => {
    const share = (Math.log10(Math.max(ns, 10 ** low)) - low) / (high - low);
    return (LEFT + share * (WIDTH - LEFT - RIGHT)).toFixed(1);
  };
  const height = ROW * figures.length;
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const grid = ticks.map((tick) => `M${at(tick)} 0V${height}`).join("");
  const labels = ticks.map((tick) => text(at(tick), height + 16, short(tick), "middle"));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height + 44}" font-size="12" fill="${GREY}" role="img">
<title>Time of a call: the median, and up to the 99th percentile</title>
<path d="${grid}" stroke="${GREY}" stroke-opacity=".3" stroke-width=".5"/>
${figures.map((figure, i) => bar(figure, ROW * i, at)).join("\n")}
${labels.join("")}${text(WIDTH - RIGHT, height + 38, "a call: median, line to the 99th percentile", "end")}
</svg>`;
}

function bar({ name, p50, p99 }: Figure, y: number, at: (ns: number) => string): string {
  const width = (Number(at(p50)) - LEFT).toFixed(1);
  return `${text(LEFT - 8, y + 17, name, "end")}<rect x="${LEFT}" y="${y + 5}" width="${width}" height="${ROW - 10}" fill="${COLOR}"/>
<path d="M${at(p50)} ${y + ROW / 2}H${at(p99)}" stroke="${GREY}" stroke-width="2"/>`;
}

/** Names are the bench's own: nothing in them needs an escape. */
function text(x: number | string, y: number, words: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}

function short(ns: number): string {
  if (ns >= 1e9) return `${ns / 1e9} s`;
  if (ns >= 1e6) return `${ns / 1e6} ms`;
  return ns >= 1e3 ? `${ns / 1e3} µs` : `${ns} ns`;
}
