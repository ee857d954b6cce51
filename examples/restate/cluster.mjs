/* global fetch */
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { launch, temporaryFolder } from "../support/processes.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const PROGRAM = `${here}node_modules/@restatedev/restate-server-linux-x64/bin/restate-server`;
/** Ports of the first node: between nodes, ingress, admin. Those of the next are one higher. */
const [FABRIC, INGRESS, ADMIN] = [15122, 18080, 19070];

/**
 * Starts a node of Restate.
 *
 * @param at - what this returned before the node was killed
 * @param {{ node?: number, nodes?: number, offset?: number }} options - its number in a cluster of so many, which node
 *   0 sets up; what is added to ports
 */
export async function startRestate(at = undefined, options = {}) {
  const { node = 0, nodes = 1, offset = 10 * nodes } = at?.options ?? options;
  const folder = at?.folder ?? temporaryFolder();
  const fabric = (i) => `127.0.0.1:${FABRIC + offset + i}`;
  const [ingress, admin] = [INGRESS, ADMIN].map((port) => `127.0.0.1:${port + offset + node}`);
  const addresses = Array.from({ length: nodes }, (_, i) => `http://${fabric(i)}`);
  const env = {
    RESTATE_CLUSTER_NAME: `example-${nodes}`,
    RESTATE_NODE_NAME: `node-${node}`,
    RESTATE_AUTO_PROVISION: `${node === 0}`,
    RESTATE_BIND_ADDRESS: fabric(node),
    RESTATE_ADVERTISED_ADDRESS: `http://${fabric(node)}`,
    RESTATE_METADATA_CLIENT__ADDRESSES: JSON.stringify(addresses),
    // Of three nodes, two have every entry.
    RESTATE_DEFAULT_REPLICATION: nodes > 1 ? "2" : "1",
    RESTATE_INGRESS__BIND_ADDRESS: ingress,
    RESTATE_ADMIN__BIND_ADDRESS: admin,
    RESTATE_DEFAULT_NUM_PARTITIONS: "4",
    RESTATE_DISABLE_TELEMETRY: "true",
    RESTATE_LOG_FORMAT: "compact",
    NO_COLOR: "1",
  };
  const args = ["--base-dir", folder, "--listen-mode", "tcp", "--no-logo"];
  const server = await launch(PROGRAM, args, { env, says: /Ingress HTTP listening/ });
  const urls = { url: `http://${ingress}`, admin: `http://${admin}` };
  return { ...server, folder, options: { node, nodes, offset }, ...urls };
}

/** Starts the service. */
export function startService(port, models, script = "service.mjs") {
  const says = /service on/;
  return launch("node", [script, `${port}`, ...models], { cwd: here, says });
}

/** Tells Restate where the service is. */
export async function register({ admin }, port) {
  const body = JSON.stringify({ uri: `http://127.0.0.1:${port}`, force: true });
  const headers = { "content-type": "application/json" };
  for (let attempt = 0; attempt < 100; attempt++) {
    const { ok } = await fetch(`${admin}/deployments`, { method: "POST", headers, body }).catch(
      () => ({}),
    );
    if (ok) return;
    await pause(100);
  }
  throw new Error("Restate does not take the service");
}

/** One call. @param key - calls with equal keys are one @returns status and body */
export async function call({ url }, name, handler, body, key) {
  const headers = { "content-type": "application/json", ...(key && { "idempotency-key": key }) };
  const text =
    body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}/stream/${name}/${handler}`, {
    method: "POST",
    headers,
    body: text,
  });
  const answer = await response.text();
  return { status: response.status, body: answer ? JSON.parse(answer) : undefined };
}
