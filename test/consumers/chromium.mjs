import { setTimeout } from "node:timers/promises";
import { brotliCompressSync } from "node:zlib";
import { chromium } from "playwright-core";
import { findChromium } from "../runtimes/programs.mjs";

/** Starts Chromium without a window. */
export function launchChromium() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("there is no Chromium in PATH, and none named by CHROMIUM");
  const quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--no-first-run", ...quiet] });
}

/**
 * Opens a page and runs its scenarios one after another.
 *
 * @param {import("playwright-core").Browser} browser
 * @returns {Promise<{ outputs: Record<string, unknown>, sizes: Record<string, number> }>} outputs by scenario, and the
 *   brotli bytes of the scripts that each one had fetched
 */
export async function runPage(browser, url, scenarios) {
  const page = await withLimit(browser.newPage());
  const problems = [];
  const scripts = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("response", (response) => {
    if (response.request().resourceType() !== "script") return;
    // A page that reloads itself takes its answers along, or leaves them open for ever.
    scripts.push(withLimit(response.body()).catch(() => new Uint8Array(0)));
  });
  const outputs = {};
  const sizes = {};
  try {
    await page.goto(url);
    await page.waitForFunction(() => globalThis.scenarios, undefined, { timeout: 20_000 });
    for (const name of scenarios) {
      outputs[name] = await withLimit(page.evaluate((name) => globalThis.scenarios[name](), name));
      const bodies = await Promise.all(scripts.splice(0));
      sizes[name] = bodies.reduce((sum, body) => sum + brotliCompressSync(body).length, 0);
    }
    return { outputs, sizes };
  } catch (error) {
    throw new Error([error.message, ...problems].join("\n"), { cause: error });
  } finally {
    // What a page has left open must not hold up the next one.
    await withLimit(page.close()).catch(() => undefined);
  }
}

/** Browsers say nothing when a worker script is missing: a silence must end. */
function withLimit(promise) {
  const limit = setTimeout(20_000, undefined, { ref: false }).then(() => {
    throw new Error("no answer within 20 s");
  });
  return Promise.race([promise, limit]);
}
