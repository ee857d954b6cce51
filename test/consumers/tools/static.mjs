import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { copyModels } from "../app.mjs";
import { runPage } from "../chromium.mjs";
import { openSite } from "../../runtimes/site.mjs";

/** Serves what a bundler has made, with the models beside it, and runs it in Chromium. */
export async function runStatic({ folder, browser }, output, scenarios) {
  const site = join(folder, output);
  if (!existsSync(join(site, "index.html")))
    cpSync(join(folder, "index.html"), join(site, "index.html"));
  copyModels(site);
  const server = await openSite(site);
  try {
    return await runPage(await browser(), `${server.address}/`, scenarios);
  } finally {
    server.close();
  }
}
