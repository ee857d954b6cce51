import { copyModels, pageApp } from "../app.mjs";
import { runPage } from "../chromium.mjs";
import { freePort, serve } from "../shell.mjs";
import { runStatic } from "./static.mjs";

/** @type {import("../app.mjs").Scenario[]} */
const scenarios = ["native", "keras", "worker", "worklet", "compiled"];
const common = (version) => ({ packages: [`vite@${version}`], files: pageApp(scenarios, "url") });

const viteBuild = (version) => ({
  name: `vite ${version} build`,
  ...common(version),
  build: ({ run }) => run("vite build"),
  run: (context) => runStatic(context, "dist", scenarios),
});

const viteDev = (version) => ({
  name: `vite ${version} dev`,
  ...common(version),
  async run({ folder, node, browser }) {
    copyModels(folder);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const command = `vite --host 127.0.0.1 --port ${port} --strictPort`;
    const server = await serve(command, { cwd: folder, node, url });
    try {
      // The first visit makes Vite bundle the dependencies, and reload the page when it finds more of them.
      await runPage(await browser(), url, scenarios).catch(() => undefined);
      const { outputs } = await runPage(await browser(), url, scenarios);
      return { outputs };
    } finally {
      server.stop();
    }
  },
});

/** Every major version in wide use: what a worker script may hold differs from one to the next. */
export const vites = [6, 7, 8].flatMap((version) => [viteDev(version), viteBuild(version)]);
