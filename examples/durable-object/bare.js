/** What a model costs if it costs nothing: the same bytes to keep, and as many numbers to answer. */
const bare = {
  fingerprint: "bare",
  inputSize: 1,
  advance: (_, samples) => ({ output: samples, snapshot: new Uint8Array(288) }),
};

/** In the place of models.js. */
export const models = [bare];
