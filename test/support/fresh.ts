import { watch } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { build } from "../../scripts/build.mjs";

/*
 * No test runs on a wasm or a dist of other sources: what is stale is built first, at the start and before every rerun.
 */

const assembly = fileURLToPath(new URL("../../assembly", import.meta.url));

/** Milliseconds in which an editor writes all that it is going to write. */
const SETTLED = 100;

export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  const refresh = () => build(project.config.env["LMU_WASM"] ? "debug" : "all");
  await refresh();
  if (!project.config.watch) return undefined;
  project.onTestsRerun(refresh);
  // Tests import assembly by way of the embedded text alone: writing it makes vitest run those.
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(assembly, { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void build("generated").catch(console.error), SETTLED);
  });
  return () => watcher.close();
}
