/* global crypto, console, Response, WebSocketPair */
import { DurableObject } from "cloudflare:workers";
import { models } from "./models.js";
import { Refusal } from "../support/refusal.mjs";

const MAX_LENGTH = 1 << 16;

/** One session. It may be evicted after any message: all it knows is in its storage. */
export class Session extends DurableObject {
  /** Tells its lives apart, for the curious. */
  #life = crypto.randomUUID();

  /** GET opens a socket, or says where the session is; POST takes its next step; DELETE forgets it. */
  async fetch(request) {
    try {
      if (request.headers.get("upgrade") === "websocket") return this.#open();
      if (request.method === "POST") return new Response(await this.#advance(await request.text()));
      if (request.method === "DELETE") await this.ctx.storage.deleteAll();
      const { position = 0, model = null } = (await this.ctx.storage.get("session")) ?? {};
      return Response.json({ position, model, life: this.#life });
    } catch (error) {
      const { status, code, message } = refusalOf(error);
      return Response.json({ code, message }, { status });
    }
  }

  /** The object sleeps while its sockets stay open. */
  #open() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    try {
      socket.send(await this.#advance(text));
    } catch (error) {
      const { code, message } = refusalOf(error);
      socket.send(JSON.stringify({ code, message }));
    }
  }

  /**
   * The next step, once: who asks for the same step again is told the same again.
   *
   * @param text - JSON: { position, samples }
   * @returns JSON: { position, outputs }; nobody gets it before it is stored, for the gates of the object see to that
   * @throws Refusal, and what model.advance throws; nothing has changed then
   */
  async #advance(text) {
    if (text.length > MAX_LENGTH) {
      throw new Refusal(
        413,
        "input-invalid",
        `Cannot advance: expected ${MAX_LENGTH} characters at most`,
      );
    }
    const session = await this.ctx.storage.get("session");
    if (session?.text === text) return session.reply;
    const { position, samples } = JSON.parse(text);
    const at = session?.position ?? 0;
    if (position !== at) {
      const code = session ? "position-stale" : "session-unknown";
      throw new Refusal(
        session ? 409 : 404,
        code,
        `Cannot advance: position is ${position}, expected ${at}`,
      );
    }
    const model = session
      ? models.find(({ fingerprint }) => fingerprint === session.model)
      : models.at(-1);
    if (!model) {
      const message = `Cannot advance: the session is of model ${session.model}, which is not served any more`;
      throw new Refusal(409, "snapshot-other-model", message);
    }
    const { output, snapshot } = model.advance(session?.snapshot, samples);
    const next = at + samples.length / model.inputSize;
    const reply = JSON.stringify({ position: next, outputs: [...output] });
    this.ctx.storage.put("session", {
      model: model.fingerprint,
      position: next,
      snapshot,
      text,
      reply,
    });
    return reply;
  }
}

function refusalOf(error) {
  const refusal = Refusal.of(error);
  if (!refusal) console.error(error);
  return refusal ?? new Refusal(503, "unavailable", "Try again");
}
