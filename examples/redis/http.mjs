import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createServer } from "node:http";
import { Refusal } from "../support/refusal.mjs";

const MAX_BYTES = 1 << 20;

/** PUT begins a session, POST takes its next step, GET says where it is, DELETE forgets it. */
async function answer(sessions, request) {
  const name = /^\/sessions\/([\w-]{1,64})$/.exec(request.url)?.[1];
  if (!name) throw new Refusal(404, "session-unknown", "Cannot answer: expected /sessions/NAME");
  if (request.method === "PUT") return JSON.stringify(await sessions.open(name));
  if (request.method === "POST") return sessions.advance(name, await textOf(request));
  if (request.method === "GET") return JSON.stringify(await sessions.find(name));
  if (request.method === "DELETE") return JSON.stringify(await sessions.close(name));
  throw new Refusal(405, "input-invalid", "Cannot answer: expected PUT, POST, GET or DELETE");
}

async function textOf(request) {
  const pieces = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes <= MAX_BYTES) pieces.push(piece);
  }
  if (bytes <= MAX_BYTES) return Buffer.concat(pieces).toString();
  throw new Refusal(413, "input-invalid", `Cannot advance: expected at most ${MAX_BYTES} bytes`);
}

/** Serves sessions on loopback, and says where. */
export async function serve(sessions, port = 0) {
  const server = createServer(async (request, response) => {
    response.setHeader("content-type", "application/json");
    try {
      response.end(await answer(sessions, request));
    } catch (error) {
      const refusal = Refusal.of(error);
      if (!refusal) console.error(error);
      const { status, code, message } = refusal ?? new Refusal(503, "unavailable", "Try again");
      response.writeHead(status).end(JSON.stringify({ code, message }));
    }
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  console.log(`serving http://127.0.0.1:${server.address().port}`);
}
