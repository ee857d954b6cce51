/*
 * Times process() in browsers that do not tell how long it took. The audio thread has no clock, so the page's thread
 * writes down the time without end: a worker would do, but Firefox gives workers a low priority.
 */
/* global AudioWorkletNode, performance, setTimeout */

/** Blocks that can be noted. */
const CAPACITY = 1 << 17;
/** Milliseconds between two looks at the clock after which what the audio thread read is not trusted. */
const GAP = 0.1;
/** Milliseconds between two chances for the page to receive messages. */
const SLICE = 50;

export class Stopwatch {
  #shared = {
    time: new SharedArrayBuffer(8),
    blocks: new SharedArrayBuffer(8 * (1 + 2 * CAPACITY)),
  };
  #time = new Float64Array(this.#shared.time);
  /** Times that stood still for longer than GAP. */
  #wrong = new Set([0]);
  #earlier = 0;
  #before = 0;

  /** Times the processors that are added to a context from now on. */
  async attach(context) {
    await context.audioWorklet.addModule("timed.mjs");
    new AudioWorkletNode(context, "clock", { processorOptions: this.#shared });
  }

  /** Writes down the time until a promise is settled. */
  async runUntil(ended) {
    let goesOn = true;
    void ended.finally(() => (goesOn = false));
    while (goesOn) {
      this.#spin(performance.now() + SLICE);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  #spin(end) {
    for (let now = 0; now < end;) {
      now = performance.now();
      // Held up before or after writing: either time may have been read meanwhile.
      if (now - this.#before > GAP) this.#wrong.add(this.#earlier).add(this.#before);
      this.#time[0] = now;
      this.#earlier = this.#before;
      this.#before = now;
    }
  }

  /** Durations in µs, and the number of blocks left out because the clock was held up. */
  durations() {
    const [length] = new Float64Array(this.#shared.blocks);
    const times = new Float64Array(this.#shared.blocks, 8);
    const blocks = [];
    let dropped = 0;
    for (let i = 0; i < length; i += 2) {
      const [begin, end] = [times[i], times[i + 1]];
      if (this.#wrong.has(begin) || this.#wrong.has(end)) dropped++;
      else blocks.push(1000 * (end - begin));
    }
    return { blocks, dropped };
  }
}
