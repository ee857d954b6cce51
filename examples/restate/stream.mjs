import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:http2";
import * as restate from "@restatedev/restate-sdk";
import { Refusal } from "../support/refusal.mjs";

/** Pasts that a stream can be rewound to, one a push. */
const PASTS = 8;

/** What a caller did wrong ends the call, anything else is tried again. */
const refusing = (handler) => async (context, argument) => {
  try {
    return await handler(context, argument);
  } catch (error) {
    const refusal = Refusal.of(error);
    if (!refusal || error instanceof restate.TerminalError) throw error;
    const { status, code, message } = refusal;
    throw new restate.TerminalError(`${code}: ${message}`, { errorCode: status });
  }
};

/** The object, on all models that streams still run on, the newest last. */
function streamOf(models) {
  /** A state as JSON, which is what Restate's console shows: snapshots in base64. */
  const empty = () => ({
    model: models.at(-1).fingerprint,
    position: 0,
    snapshot: null,
    pasts: [],
  });
  const stream = restate.object({
    name: "stream",
    handlers: {
      /** The outputs of the next samples. A call with the same idempotency key is answered, and not made, again. */
      push: refusing(async (context, { position, samples }) => {
        const state = (await context.get("state")) ?? empty();
        if (position !== state.position) {
          throw new Refusal(
            409,
            "position-stale",
            `Cannot push: position is ${position}, expected ${state.position}`,
          );
        }
        const model = models.find(({ fingerprint }) => fingerprint === state.model);
        if (!model) {
          const message = `Cannot push: the stream is of model ${state.model}, which is not served any more`;
          throw new Refusal(409, "snapshot-other-model", message);
        }
        const before = state.snapshot === null ? undefined : Buffer.from(state.snapshot, "base64");
        const { output, snapshot } = model.advance(before, samples);
        const pasts = [...state.pasts, { position, snapshot: state.snapshot }].slice(-PASTS);
        const next = { snapshot: Buffer.from(snapshot).toString("base64"), pasts };
        context.set("state", {
          ...state,
          ...next,
          position: position + samples.length / model.inputSize,
        });
        return { position: position + samples.length / model.inputSize, outputs: [...output] };
      }),

      /** Goes back to a position at which one of the latest pushes began. */
      rewind: refusing(async (context, { position }) => {
        const state = (await context.get("state")) ?? empty();
        const at = state.pasts.findIndex((past) => past.position === position);
        if (at < 0)
          throw new Refusal(404, "position-stale", `Cannot rewind: no past is kept at ${position}`);
        context.set("state", { ...state, ...state.pasts[at], pasts: state.pasts.slice(0, at) });
        return { position };
      }),

      /** Begins the stream of another name where this one is. */
      fork: refusing(async (context, { name }) => {
        const state = (await context.get("state")) ?? empty();
        await context.objectClient(stream, name).begin(state);
        return { position: state.position };
      }),

      begin: refusing(async (context, state) => {
        if (await context.get("state"))
          throw new Refusal(409, "position-stale", "Cannot begin: there is one of that name");
        context.set("state", state);
      }),

      /** Forgets the stream. */
      close: async (context) => context.clearAll(),

      position: restate.handlers.object.shared(async (context) => {
        const { position, model } = (await context.get("state")) ?? empty();
        return { position, model };
      }),
    },
  });
  return stream;
}

/** Serves the object to Restate, on loopback. */
export async function serve(port, models) {
  const server = createServer(restate.createEndpointHandler({ services: [streamOf(models)] }));
  await once(server.listen(Number(port), "127.0.0.1"), "listening");
  console.log(`service on ${port}`);
}
