/*
 * Redis, servers and consumers as processes of their own, for the demonstration, the tests and the load.
 */
/* global fetch */
import { createServer } from "node:net";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { launch, temporaryFolder } from "../support/processes.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Starts redis-server with a file of all changes, written before it answers.
 *
 * @param {{ at?: { folder: string, port: number }, fsync?: "always" | "everysec" }} options - where it was before it was
 *   killed; when the file is forced onto the disk: against the loss of power only
 */
export async function startRedis({ at, fsync = "everysec" } = {}) {
  const { folder, port } = at ?? { folder: temporaryFolder(), port: await freePort() };
  const durable = ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""];
  const args = ["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder, ...durable];
  const server = await launch("redis-server", args, { says: /Ready to accept connections/ });
  return { ...server, folder, port, url: `redis://127.0.0.1:${port}` };
}

/** Starts a server of models. @param port - where it was before it was killed */
export async function startServer(redis, models, port = 0, script = "server.mjs") {
  const env = { REDIS: redis, PORT: `${port}` };
  const says = /serving (http:\/\/127\.0\.0\.1:(\d+))/;
  const server = await launch("node", [script, ...models], { cwd: here, env, says });
  return { ...server, url: server.said[1], port: Number(server.said[2]) };
}

/** Starts a consumer of the queue. */
export function startConsumer(redis, name, models) {
  const env = { REDIS: redis };
  return launch("node", ["consumer.mjs", name, ...models], { cwd: here, env, says: /consuming/ });
}

/** One request. @returns status and body */
export async function send(url, method, session, body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}/sessions/${session}`, { method, body: text });
  return { status: response.status, body: await response.json() };
}
