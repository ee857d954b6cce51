/* global fetch */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { appFile, copyModels } from "../app.mjs";
import { runPage } from "../chromium.mjs";
import { freePort, serve } from "../shell.mjs";

const layout = `export default function Layout({ children }) {
  return <html><body>{children}</body></html>;
}
`;

const page = `"use client";
import { useEffect } from "react";
import { stream as run } from "../compiled.js";
import { stream } from "../stream.js";

export default function Page() {
  useEffect(() => {
    globalThis.scenarios = {
      native: () => stream("/model.safetensors"),
      keras: () => stream("/model.keras"),
      compiled: () => run(fetch("/model.wasm")),
    };
  }, []);
  return <p>lmu-wasm</p>;
}
`;

/** @param {string} compiled - what the compiled model is loaded from; "" where it cannot be */
const answer = (compiled) => `
  const model = (name) => stream(new URL(name, request.url));
  return Response.json({
    native: await model("/model.safetensors"),
    keras: await model("/model.keras"),
    ${compiled && `compiled: await run(${compiled}),`}
  });
`;

const IMPORTS = `import { stream } from "../../stream.js";\n`;
const ON_NODE = `import { stream as run } from "../../compiled.js";\n`;

/** Edge runtimes compile no bytes, and Next with webpack builds nothing that could. */
const ON_EDGE = `import compiled from "../../model.wasm?module";
import { stream as run } from "../../edge.js";
`;

/** A route of the app folder on one of Next's two server runtimes; it fetches the models as a deployed one would. */
const route = (runtime) => `${runtime === "edge" ? ON_EDGE : ON_NODE}${IMPORTS}
export const runtime = "${runtime}";
export const dynamic = "force-dynamic";
export async function GET(request) {${answer(
  runtime === "edge" ? "compiled" : `fetch(new URL("/model.wasm", request.url))`,
)}}
`;

/** The same in the pages folder: Next 16 with webpack builds no edge route of the app folder, whatever is in it. */
const edgePage = `${IMPORTS}
export const config = { runtime: "edge" };
export default async function handler(request) {${answer("")}}
`;

const env = { NEXT_TELEMETRY_DISABLED: "1" };

/** Client component, Node route and edge route, with one of Next's two bundlers. */
function next(name, option, edge) {
  return {
    name,
    packages: ["next@16", "react@19", "react-dom@19"],
    needsModernNode: true,
    folders: ["app/node", "app/edge", "pages/api", "public"],
    files: {
      "stream.js": appFile("stream.js"),
      "compiled.js": appFile("compiled.js"),
      "edge.js": appFile("edge.js"),
      "app/layout.jsx": layout,
      "app/page.jsx": page,
      "app/node/route.js": route("nodejs"),
      [`${edge.file}.js`]: edge.text,
    },
    async build({ folder, run }) {
      copyModels(join(folder, "public"));
      cpSync(join(folder, "model.wasm"), join(folder, "public/model.wasm"));
      await run(`next build ${option}`, { env });
    },
    async run({ folder, node, browser }) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}/`;
      const command = `next start --hostname 127.0.0.1 --port ${port}`;
      const server = await serve(command, { cwd: folder, node, env, url });
      try {
        const client = await runPage(await browser(), url, ["native", "keras", "compiled"]);
        const onNode = await fetchJson(`${url}node`);
        const onEdge = await fetchJson(`${url}${edge.path}`);
        return { outputs: { client: client.outputs, node: onNode, edge: onEdge } };
      } finally {
        server.stop();
      }
    },
  };
}

async function fetchJson(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response.json();
}

export const nextTurbopack = next("next turbopack", "", {
  path: "edge",
  file: "app/edge/route",
  text: route("edge"),
});

export const nextWebpack = next("next webpack", "--webpack", {
  path: "api/edge",
  file: "pages/api/edge",
  text: edgePage,
});
