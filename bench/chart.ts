/*
 * Charts of lines over logarithmic axes, side by side, as SVG: colours that are seen on white and on black, no background.
 */

/** A line and its name; y is left out where there is none. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  /** What x and y are, with their units. */
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const COLORS = ["#1690b8", "#d08700", "#5a9e3c", "#d0504c", "#8b6fc8"];
const GREY = "#808080";
/** Of a panel, in pixels: its width, the plot's height, and the room around the plot. */
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [380, 190, 52, 66, 44, 46];

/** Panels side by side. @param title - for people who do not see it */
export function chart(title: string, panels: readonly Panel[]): string {
  const size = [WIDTH * panels.length, TOP + HEIGHT + BOTTOM];
  const drawn = panels.map(
    (panel, i) => `<g transform="translate(${i * WIDTH} 0)">${draw(panel)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(" ")}" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>${title}</title>
${drawn.join("\n")}
</svg>
`;
}

/** A logarithmic axis over all values: from 1, 2 or 5 times a power of ten to another. */
class Axis {
  readonly #low: number;
  readonly #high: number;
  readonly #from: number;
  readonly #length: number;

  constructor(values: readonly number[], from: number, length: number) {
    this.#low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
    this.#high = Math.max(this.#low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
    this.#from = from;
    this.#length = length;
  }

  at(value: number): string {
    const share = (Math.log10(value) - this.#low) / (this.#high - this.#low);
    return (this.#from + share * this.#length).toFixed(1);
  }

  get ticks(): number[] {
    const count = this.#high - this.#low + 1;
    const every = Math.ceil(count / 8);
    const all = Array.from({ length: count }, (_, i) => 10 ** (this.#low + i));
    return all.filter((_, i) => i % every === 0);
  }
}

function draw({ title, x, y, lines }: Panel): string {
  const points = lines.flatMap((line) => line.points);
  const across = new Axis(
    points.map(([at]) => at),
    LEFT,
    WIDTH - LEFT - RIGHT,
  );
  const up = new Axis(
    points.map(([, value]) => value),
    TOP + HEIGHT,
    -HEIGHT,
  );
  const [right, bottom] = [WIDTH - RIGHT, TOP + HEIGHT];
  return [
    text(LEFT, 18, title, GREY, 'font-weight="600"'),
    text(LEFT, 34, y, GREY),
    text(right, bottom + 36, x, GREY, 'text-anchor="end"'),
    ...across.ticks.map((tick) =>
      text(across.at(tick), bottom + 18, short(tick), GREY, 'text-anchor="middle"'),
    ),
    ...up.ticks.map((tick) =>
      text(LEFT - 6, Number(up.at(tick)) + 4, short(tick), GREY, 'text-anchor="end"'),
    ),
    `<path d="${up.ticks.map((tick) => `M${LEFT} ${up.at(tick)}H${right}`).join("")}" stroke="${GREY}" stroke-opacity=".3" stroke-width=".5"/>`,
    ...lines.map((line, i) => drawLine(line, COLORS[i % COLORS.length]!, across, up)),
    ...names(lines, across, up),
  ].join("\n");
}

function drawLine({ points }: Line, color: string, across: Axis, up: Axis): string {
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${across.at(x)} ${up.at(y)}`).join("");
  const dots = points.map(([x, y]) => `<circle cx="${across.at(x)}" cy="${up.at(y)}" r="2.2"/>`);
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.6"/><g fill="${color}">${dots.join("")}</g>`;
}

/** Names at the ends of their lines, moved apart where these are close. */
function names(lines: readonly Line[], across: Axis, up: Axis): string[] {
  const ends = lines.map(({ name, points }, i) => {
    const [x, y] = points.at(-1)!;
    return {
      name,
      color: COLORS[i % COLORS.length]!,
      x: Number(across.at(x)),
      y: Number(up.at(y)),
    };
  });
  ends.sort((a, b) => a.y - b.y);
  for (let i = 1; i < ends.length; i++) ends[i]!.y = Math.max(ends[i]!.y, ends[i - 1]!.y + 13);
  return ends.map(({ name, color, x, y }) => text(x + 6, y + 4, name, color));
}

function text(
  x: number | string,
  y: number | string,
  words: string,
  color: string,
  more = "",
): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${Number(y).toFixed(1)}" fill="${color}" ${more}>${safe}</text>`;
}

/** 1000 as 1k. */
function short(value: number): string {
  if (value >= 1e9) return `${value / 1e9}G`;
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1e3 ? `${value / 1e3}k` : String(Number(value.toPrecision(3)));
}
