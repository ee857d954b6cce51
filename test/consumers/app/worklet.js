/* global OfflineAudioContext, AudioBufferSourceNode */
import { load } from "lmu-wasm";
import { createLmuNode } from "lmu-wasm/worklet";

/** The same as stream.js on the audio thread, for models of one input and one output. */
export async function stream(source) {
  const context = new OfflineAudioContext(1, 8, 48000);
  const signal = context.createBuffer(1, 8, 48000);
  signal.copyToChannel(
    Float32Array.from({ length: 8 }, (_, step) => step / 8),
    0,
  );
  const player = new AudioBufferSourceNode(context, { buffer: signal });
  const lmu = await createLmuNode(context, await load(source));
  player.connect(lmu.node).connect(context.destination);
  player.start();
  const rendered = await context.startRendering();
  return [...rendered.getChannelData(0)].map((value) => [value]);
}
