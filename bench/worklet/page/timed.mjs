/*
 * Audio thread: every processor registered after this module is timed. Nothing is allocated while a block is computed.
 */
/* global registerProcessor, AudioWorkletProcessor */

/** Memory shared with the page: the time, and a list that begins with its length. Of each block, begin and end, in ms. */
let time, blocks;

const register = registerProcessor;

/** Its only use is to be constructed: that hands over the memory. */
class Clock extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    time = new Float64Array(processorOptions.time);
    blocks = new Float64Array(processorOptions.blocks);
  }

  process() {
    return true;
  }
}

const timed = (Processor) =>
  class extends Processor {
    process(inputs, outputs, parameters) {
      const begin = time[0];
      const goesOn = super.process(inputs, outputs, parameters);
      const end = time[0];
      if (blocks[0] + 2 < blocks.length) {
        blocks[++blocks[0]] = begin;
        blocks[++blocks[0]] = end;
      }
      return goesOn;
    }
  };

register("clock", Clock);
globalThis.registerProcessor = (name, Processor) => register(name, timed(Processor));
