import { type RequestListener } from "node:http";
import { fileOf, lmuModel } from "./models.js";
import { Random } from "./random.js";
import { serve } from "./server.js";

/*
 * A small native file for the tests of load(), and the ways in which its bytes come.
 */

export const made = lmuModel(
  {
    ...{ inputs: 1, channels: 1, order: 8, theta: 20, hidden: "rnn", units: 10 },
    ...{ isFedBack: false, remembers: false, seesInput: true, hasBias: true, isLearned: false },
  },
  1,
);
export const file = fileOf(made);
export const input = new Random(1).floats(50);

const answer: RequestListener = (request, response) => {
  if (request.url === "/model") response.end(file);
  else if (request.url === "/slow") response.write(file.subarray(0, 20));
  else response.writeHead(404).end();
};

/** Serves the file at /model, and its beginning at /slow, which never ends. */
export const serveFile = () => serve(answer);

/** A stream of pieces; knows nothing of the length. */
export function streamOf(bytes: Uint8Array, piece: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + piece));
      at += piece;
    },
  });
}
