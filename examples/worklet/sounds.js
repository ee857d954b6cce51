/* global AudioBufferSourceNode, MediaStreamAudioSourceNode, OscillatorNode, navigator */

/** Makes the node of a sound; `file` gives the file that the user chose. */
export const SOUNDS = {
  pulses: (context) => looped(context, pluckedString(context)),

  oscillator: (context) =>
    started(new OscillatorNode(context, { type: "sawtooth", frequency: 110 })),

  async microphone(context) {
    if (!navigator.mediaDevices) throw new Error("the microphone needs https, or localhost");
    // What browsers do to voices would only be confusing here.
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const mediaStream = await navigator.mediaDevices.getUserMedia({ audio: raw });
    return new MediaStreamAudioSourceNode(context, { mediaStream });
  },

  async file(context, file) {
    if (!file) throw new Error("no file is chosen");
    return looped(context, await context.decodeAudioData(await file.arrayBuffer()));
  },
};

/** Ends a sound, and gives the microphone back. */
export function endSound(node) {
  node.disconnect();
  node.mediaStream?.getTracks().forEach((track) => track.stop());
}

function looped(context, buffer) {
  return started(new AudioBufferSourceNode(context, { buffer, loop: true }));
}

function started(node) {
  node.start();
  return node;
}

/** Four notes in two seconds (Karplus and Strong 1983: noise in a loop, which is averaged each time around). */
function pluckedString(context) {
  const { sampleRate } = context;
  const buffer = context.createBuffer(1, 2 * sampleRate, sampleRate);
  const notes = [110, 165, 220, 147];
  const noteLength = buffer.length / notes.length;
  notes.forEach((frequency, note) => {
    const period = Math.round(sampleRate / frequency);
    const string = Float32Array.from({ length: period }, () => Math.random() - 0.5);
    const samples = buffer.getChannelData(0).subarray(note * noteLength, (note + 1) * noteLength);
    for (let i = 0; i < samples.length; i++) {
      samples[i] = string[i % period];
      string[i % period] = 0.498 * (string[i % period] + string[(i + 1) % period]);
    }
  });
  return buffer;
}
