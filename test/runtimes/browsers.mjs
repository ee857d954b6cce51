import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { inTime, start } from "./child.mjs";
import { findChromium, onPath } from "./programs.mjs";
import { versionOf } from "./servers.mjs";
import { openSite } from "./site.mjs";

/*
 * Browsers are started with the address of a page, which posts what came out. No driver is needed.
 */

const contexts = [
  ...["page", "Worker", "SharedWorker", "ServiceWorker", "AudioWorklet"],
  ...["lmu-wasm/worker", "lmu-wasm/worklet", "lmu-wasm/compiled"],
];

/** Seconds for a browser to start and to answer. */
const SECONDS = 60;

/** Debian puts MiniBrowser beside the library. */
function miniBrowser() {
  if (!onPath("Xvfb") || !existsSync("/usr/lib")) return undefined;
  const machines = readdirSync("/usr/lib").filter((name) => name.endsWith("-linux-gnu"));
  const paths = machines.flatMap((machine) =>
    ["4.1", "4.0"].map((api) => `/usr/lib/${machine}/webkit2gtk-${api}/MiniBrowser`),
  );
  return paths.find((path) => existsSync(path));
}

/**
 * @param {string} name
 * @param {() => string | undefined} find
 * @param {(profile: string) => string[]} args
 * @param {typeof bare} within - what the browser needs around it
 */
function engine(name, find, args, within = bare) {
  return {
    ...{ name, contexts, find },
    versionOf: (program, options) =>
      within(options, (env) => versionOf(program, { ...options, env })),
    run: (program, consumer) =>
      within(consumer, (env) => {
        const profile = join(consumer.home, name);
        mkdirSync(profile, { recursive: true });
        return visit(program, args(profile), { ...consumer, env });
      }),
  };
}

const bare = (_, use) => use({});

/** A display of its own: WebKitGTK hangs without one. */
async function withDisplay(options, use) {
  const server = start("Xvfb", ["-displayfd", "1", "-nolisten", "tcp"], options);
  try {
    const ready = Promise.race([once(server.stdout, "data"), end(server)]);
    const [number] = await inTime(ready, 10, "Xvfb does not start");
    return await use({ DISPLAY: `:${String(number).trim()}` });
  } finally {
    await server.stop();
  }
}

/**
 * Shows a browser a page, and gives what it posts.
 *
 * @param {{ cwd: string, home: string, page?: string, headers?: Record<string, string>, seconds?: number }} options
 */
async function visit(program, args, options) {
  const { page = "page.html", headers, seconds = SECONDS } = options;
  const site = await openSite(options.cwd, headers);
  const browser = start(program, [...args, `${site.address}/${page}`], options);
  try {
    return await inTime(Promise.race([site.outcomes, end(browser)]), seconds, "no answer");
  } catch (cause) {
    throw new Error(`${cause.message}\n${browser.complaints()}`.trim(), { cause });
  } finally {
    await browser.stop();
    site.close();
  }
}

/** Rejects when a program ends that should not. */
async function end({ ended }) {
  throw new Error(`ended with ${await ended}`);
}

const CHROMIUM = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

export const BROWSERS = [
  engine("Chromium", findChromium, (profile) => [...CHROMIUM, `--user-data-dir=${profile}`]),
  engine(
    "Firefox",
    () => onPath("firefox-esr", "firefox"),
    (profile) => ["--headless", "--no-remote", "--profile", profile],
  ),
  engine("WebKitGTK", miniBrowser, () => [], withDisplay),
];
