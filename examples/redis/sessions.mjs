import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createClient, defineScript, RESP_TYPES } from "redis";
import { Refusal } from "../support/refusal.mjs";

/** Seconds after which a session that nobody advances is forgotten. */
const LIFETIME = 24 * 60 * 60;
const FIELDS = ["model", "position", "snapshot", "digest", "reply"];

const commit = defineScript({
  SCRIPT: readFileSync(new URL("commit.lua", import.meta.url), "utf8"),
  parseCommand(parser, keys, args) {
    parser.pushKeysLength(keys);
    parser.push(...args.map((arg) => (typeof arg === "number" ? String(arg) : arg)));
  },
  transformReply: (reply) => reply === 1,
});

/** Connects, and comes back when the server does; calls fail in the meantime. */
export async function connect(url) {
  const redis = createClient({ url, scripts: { commit }, disableOfflineQueue: true });
  redis.on("error", (error) => console.error(error.message));
  return redis.connect();
}

/** Sessions in Redis: all of one is one key. Whoever has the models can take its next step. */
export class Sessions {
  #redis;
  #models;
  #newest;

  /** @param redis - of connect @param models - all that sessions still run on, the newest last */
  constructor(redis, models) {
    this.#redis = redis;
    this.#models = new Map(models.map((model) => [model.fingerprint, model]));
    this.#newest = models.at(-1).fingerprint;
  }

  /** Begins a session on the newest model, unless there is one of that name. */
  async open(name) {
    const key = `session:${name}`;
    const transaction = this.#redis.multi().hSetNX(key, "model", this.#newest);
    await transaction.hSetNX(key, "position", "0").expire(key, LIFETIME).exec();
    return this.find(name);
  }

  /** @returns position and fingerprint of the model @throws Refusal */
  async find(name) {
    const { position, model } = await this.#read(name);
    return { position: Number(position), model: String(model) };
  }

  /** Forgets a session. @returns how many there were of that name */
  async close(name) {
    return { closed: await this.#redis.del(`session:${name}`) };
  }

  /**
   * The next step of a session, once: who asks for the same step again is told the same again.
   *
   * @param text - JSON: { position, samples }
   * @param outputs - key of a stream that gets the reply in the same instant
   * @returns JSON: { position, outputs }
   * @throws Refusal, and what model.advance throws; nothing has changed then
   */
  async advance(name, text, outputs) {
    const digest = createHash("sha256").update(text).digest("base64");
    const { position, samples } = JSON.parse(text);
    for (;;) {
      const session = await this.#read(name);
      if (String(session.digest) === digest) return String(session.reply);
      const at = Number(session.position);
      if (position !== at) {
        throw new Refusal(
          409,
          "position-stale",
          `Cannot advance: position is ${position}, expected ${at}`,
        );
      }
      const model = this.#models.get(String(session.model));
      if (!model) {
        const message = `Cannot advance: the session is of model ${session.model}, which is not served any more`;
        throw new Refusal(409, "snapshot-other-model", message);
      }
      const { output, snapshot } = model.advance(session.snapshot ?? undefined, samples);
      const next = at + samples.length / model.inputSize;
      const reply = JSON.stringify({ position: next, outputs: [...output] });
      const keys = [`session:${name}`, ...(outputs ? [outputs] : [])];
      const args = [at, next, Buffer.from(snapshot), digest, reply, LIFETIME, name];
      // Another server may have been here since: then its step counts, and this one never was.
      if (await this.#redis.commit(keys, args)) return reply;
    }
  }

  async #read(name) {
    const redis = this.#redis.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    const values = await redis.hmGet(`session:${name}`, FIELDS);
    const session = Object.fromEntries(FIELDS.map((field, i) => [field, values[i]]));
    if (session.position) return session;
    throw new Refusal(
      404,
      "session-unknown",
      `Cannot find the session: there is none of that name`,
    );
  }
}
