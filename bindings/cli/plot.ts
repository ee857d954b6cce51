import type * as asciichart from "asciichart";

/** What of asciichart is used; it ships no types. */
type Plotter = (typeof asciichart)["default"];

/** Lines of the plot, but for the one of the smallest value; even, for zero to have a line of its own. */
const HEIGHT = 8;

/** The largest value drawn; the smallest is its negative. */
const RANGE = 0.6;

/** Characters before the first column: "-0.60 ┤". */
const MARGIN = 7;

/** Samples from one mark of the prediction to the next: between them the truth is seen. */
const SPACING = 3;

/** The error that fills its strip. */
const FULL_ERROR = 0.0005;

/** Lines of the strip of errors. */
const STRIP = 2;

const BARS = " ▁▂▃▄▅▆▇█";

/** What there is to draw on. */
export interface Canvas {
  /** Characters of a line. */
  readonly width: number;
  readonly isColored: boolean;
}

/**
 * The newest samples of a signal as a line, with marks where its prediction said they would be; the prediction runs ahead of
 * it. Below, how far each prediction was off.
 */
export class LivePlot {
  /** Characters that the widest text takes, whatever the canvas. */
  static readonly width = 38;
  /** Lines that `draw` gives. */
  static readonly lines = 1 + HEIGHT + 1 + STRIP + 1;

  readonly #plotter: Plotter;
  readonly #columns: number;
  readonly #ahead: number;
  readonly #isColored: boolean;
  /** All so far: a demo is short. #predictions[t] is of the sample t + ahead. */
  readonly #truth: number[] = [];
  readonly #predictions: number[] = [];
  #isDrawn = false;

  private constructor(plotter: Plotter, { width, isColored }: Canvas, ahead: number) {
    this.#plotter = plotter;
    this.#columns = Math.max(ahead + 5, width - MARGIN - 1);
    this.#ahead = ahead;
    this.#isColored = isColored;
  }

  /** A plot of predictions so many samples ahead. */
  static async create(canvas: Canvas, ahead: number): Promise<LivePlot> {
    const { default: plotter } = await import("asciichart");
    return new LivePlot(plotter, canvas, ahead);
  }

  /** Adds a sample, and what the model predicts from it. */
  add(prediction: number, truth: number): void {
    this.#truth.push(truth);
    this.#predictions.push(prediction);
  }

  /** The picture. */
  draw(): string {
    const first = Math.max(0, this.#truth.length + this.#ahead - this.#columns);
    const legend = `${this.#truthInk("── truth")}   ${this.#predictionInk("●")} predicted ${this.#ahead} steps before`;
    return [legend, ...this.#curves(first), ...this.#errors(first), errorLegend()]
      .map((line) => `${line}\n`)
      .join("");
  }

  /** The picture in place of the one before. */
  redraw(): string {
    const up = this.#isDrawn ? `\u001b[${LivePlot.lines}A\u001b[0J` : "";
    this.#isDrawn = true;
    return up + this.draw();
  }

  /** The samples from `first` on as a line, under marks of their predictions. */
  #curves(first: number): string[] {
    const now = this.#truth.length;
    const text = this.#plotter.plot([this.#truth.slice(first).map(inRange)], {
      height: HEIGHT,
      min: -RANGE,
      max: RANGE,
      format: (value: number) => value.toFixed(2).padStart(5),
    });
    const lines = text.split("\n").map((line) => [...line.padEnd(MARGIN + this.#columns)]);
    for (const line of lines) {
      for (let column = MARGIN; column < line.length; column++) {
        if (line[column] !== " ") line[column] = this.#truthInk(line[column]!);
      }
    }
    for (let t = Math.max(first + 1, this.#ahead); t < now + this.#ahead; t++) {
      // By time, so that marks move with the line; what is to come has no line, and a mark everywhere.
      if (t < now && t % SPACING !== 0) continue;
      const row = rowOf(this.#predictions[t - this.#ahead]!);
      // The line has the step from one sample to the next in the column of the former.
      lines[row]![MARGIN + t - first - 1] = this.#predictionInk("●");
    }
    return lines.map((line) => line.join("").trimEnd());
  }

  /** The errors of the same samples as bars. */
  #errors(first: number): string[] {
    const bars: number[] = [];
    for (let t = first + 1; t < this.#truth.length; t++) {
      const error = t < this.#ahead ? 0 : this.#predictions[t - this.#ahead]! - this.#truth[t]!;
      bars.push(Math.min(STRIP * 8, Math.round((Math.abs(error) / FULL_ERROR) * STRIP * 8)));
    }
    return Array.from({ length: STRIP }, (_, line) => {
      const below = 8 * (STRIP - 1 - line);
      const text = bars.map((bar) => BARS[Math.min(8, Math.max(0, bar - below))]!).join("");
      const label = (line === STRIP - 1 ? "error" : "").padEnd(MARGIN - 1);
      return `${label}│${this.#errorInk(text)}`.trimEnd();
    });
  }

  #truthInk(text: string): string {
    return this.#isColored ? this.#plotter.colored(text, this.#plotter.yellow) : text;
  }

  #predictionInk(text: string): string {
    return this.#isColored ? this.#plotter.colored(text, this.#plotter.cyan) : text;
  }

  #errorInk(text: string): string {
    return this.#isColored ? this.#plotter.colored(text, this.#plotter.red) : text;
  }
}

function errorLegend(): string {
  return `${" ".repeat(MARGIN)}full bar: off by ${FULL_ERROR} of ${2 * RANGE}`;
}

function inRange(value: number): number {
  return Math.min(RANGE, Math.max(-RANGE, value));
}

/** The line of the plot for a value, as asciichart rounds it. */
function rowOf(value: number): number {
  const scaled = (at: number) => Math.round((at * HEIGHT) / (2 * RANGE));
  return HEIGHT - (scaled(inRange(value)) - scaled(-RANGE));
}
