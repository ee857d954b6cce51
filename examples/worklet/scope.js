/* global AnalyserNode, ResizeObserver, devicePixelRatio, getComputedStyle, requestAnimationFrame */

/** Milliseconds from the left to the right. */
const SPAN = 25;
/** Of these, before the trigger: where the input rises through zero. */
const BEFORE = 2.5;

/** Two waveforms over each other, live: the input of a node, and its output. */
export class Scope {
  #canvas;
  #rate;
  #input;
  #output;

  constructor(canvas, context) {
    this.#canvas = canvas;
    this.#rate = context.sampleRate;
    // Longer than the span, to find a trigger in the rest.
    const fftSize = 2 ** Math.ceil(Math.log2((2.5 * SPAN * this.#rate) / 1000));
    [this.#input, this.#output] = [0, 1].map(() => new AnalyserNode(context, { fftSize }));
    new ResizeObserver(() => this.#fit()).observe(canvas);
    const draw = () => {
      this.#draw();
      requestAnimationFrame(draw);
    };
    draw();
  }

  /** The nodes to listen to. */
  connect(input, output) {
    input.connect(this.#input);
    output.connect(this.#output);
  }

  #fit() {
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = clientWidth * devicePixelRatio;
    this.#canvas.height = clientHeight * devicePixelRatio;
  }

  #draw() {
    const [input, output] = [this.#input, this.#output].map(samplesOf);
    const style = getComputedStyle(this.#canvas);
    const paint = this.#canvas.getContext("2d");
    paint.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#drawGrid(paint, style.getPropertyValue("--line"), style.color);
    const count = Math.round((SPAN * this.#rate) / 1000);
    const first = trigger(input, count, Math.round((BEFORE * this.#rate) / 1000));
    const largest = Math.max(0.05, ...input.map(Math.abs));
    this.#drawLine(paint, "--input", input.subarray(first, first + count), largest);
    this.#drawLine(paint, "--output", output.subarray(first, first + count), largest);
  }

  #drawGrid(paint, line, text) {
    const { width, height } = this.#canvas;
    paint.fillStyle = line;
    paint.fillRect(0, height / 2, width, devicePixelRatio);
    paint.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (let ms = 5; ms < SPAN; ms += 5) {
      const x = (ms / SPAN) * width;
      paint.fillStyle = line;
      paint.fillRect(x, 0, devicePixelRatio, height);
      paint.fillStyle = text;
      paint.fillText(`${ms} ms`, x + 4 * devicePixelRatio, height - 6 * devicePixelRatio);
    }
  }

  #drawLine(paint, color, samples, largest) {
    const { width, height } = this.#canvas;
    paint.strokeStyle = getComputedStyle(this.#canvas).getPropertyValue(color);
    paint.lineWidth = 2 * devicePixelRatio;
    paint.beginPath();
    samples.forEach((sample, i) => {
      paint.lineTo((i / samples.length) * width, height * (0.5 - (0.42 * sample) / largest));
    });
    paint.stroke();
  }
}

function samplesOf(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return samples;
}

/** Where to begin so that the picture stands still: the newest steepest rise through zero, or the newest samples. */
function trigger(samples, count, before) {
  const last = samples.length - count + before;
  let [best, steepest] = [last, 0];
  for (let i = last; i > before; i--) {
    const rise = samples[i] - samples[i - 1];
    if (samples[i - 1] < 0 && samples[i] >= 0 && rise > 1.01 * steepest) {
      [best, steepest] = [i, rise];
    }
  }
  return best - before;
}
