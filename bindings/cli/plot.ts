import type * as asciichart from "asciichart";

/** What of asciichart is used; it ships no types. */
type Plotter = (typeof asciichart)["default"];

const HEIGHT = 14;

/** The newest samples of a signal as a line in the terminal, and its prediction, which runs ahead of it. */
export class LivePlot {
  readonly #plotter: Plotter;
  readonly #width: number;
  readonly #ahead: number;
  readonly #isColored: boolean;
  readonly #predictions: number[] = [];
  readonly #truth: number[] = [];
  #lines = 0;

  private constructor(plotter: Plotter, width: number, ahead: number, isColored: boolean) {
    this.#plotter = plotter;
    this.#width = Math.max(2 * ahead, width);
    this.#ahead = ahead;
    this.#isColored = isColored;
  }

  /** A plot so many characters wide of predictions so many samples ahead. */
  static async create(width: number, ahead: number, isColored: boolean): Promise<LivePlot> {
    const { default: plotter } = await import("asciichart");
    return new LivePlot(plotter, width, ahead, isColored);
  }

  /** What the lines are. */
  get legend(): string {
    const { cyan, yellow, colored } = this.#plotter;
    if (!this.#isColored) return `the last ${this.#ahead} columns are the prediction`;
    return `${colored("truth", yellow)}, and ${colored("prediction", cyan)} ahead of it`;
  }

  /** Adds a sample, and what the model predicts from it. */
  add(prediction: number, truth: number): void {
    const now = this.#truth.push(truth) - 1;
    // Nothing has predicted the first samples: until then the line runs along the truth.
    if (now === 0) this.#predictions.push(...Array<number>(this.#ahead).fill(truth));
    if (now < this.#ahead) this.#predictions[now] = truth;
    this.#predictions.push(prediction);
    if (this.#predictions.length <= this.#width) return;
    this.#predictions.shift();
    this.#truth.shift();
  }

  /** The picture. */
  draw(): string {
    const { plot, cyan, yellow } = this.#plotter;
    // Later lines are drawn over earlier ones: what is seen of the prediction is the future, and its error.
    const text = plot([this.#predictions, this.#truth], {
      height: HEIGHT,
      ...(this.#isColored && { colors: [cyan, yellow] }),
      min: -0.6,
      max: 0.6,
      format: (value: number) => value.toFixed(2).padStart(7),
    });
    return `${text}\n`;
  }

  /** The picture in place of the one before. */
  redraw(): string {
    const text = this.draw();
    const up = this.#lines ? `\u001b[${this.#lines}A` : "";
    this.#lines = text.split("\n").length - 1;
    return `${up}\u001b[0J${text}`;
  }
}
