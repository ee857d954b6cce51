import { chromium } from "playwright-core";
import { BROWSERS } from "../../test/runtimes/browsers.mjs";
import { inTime } from "../../test/runtimes/child.mjs";
import { openSite } from "../../test/runtimes/site.mjs";

/*
 * Chromium times process() itself: its traces hold every call, with the time the thread really ran, and cost no core.
 */

const FLAGS = [
  ...["--no-sandbox", "--no-first-run", "--disable-gpu", "--disable-background-networking"],
  "--autoplay-policy=no-user-gesture-required",
];
const BLOCKS = "disabled-by-default-audio-worklet";
const CALLS = "devtools.timeline";

const engine = BROWSERS.find(({ name }) => name === "Chromium");

export const { name, find, versionOf } = engine;

/** Visits a page, and gives what it posts, with the durations of process() and of the messages in µs. */
export async function measure(program, site, page, seconds) {
  const served = await openSite(site.cwd);
  const limit = { timeout: 1000 * seconds };
  const browser = await chromium.launch({ executablePath: program, args: FLAGS, ...limit });
  const visit = async () => {
    const tab = await browser.newPage();
    await browser.startTracing(tab, { categories: ["-*", BLOCKS, CALLS] });
    await tab.goto(`${served.address}/${page}`);
    const outcome = /** @type {object} */ (await served.outcomes);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    return { ...outcome, ...durationsOf(traceEvents) };
  };
  try {
    return await inTime(visit(), seconds, "no answer");
  } finally {
    await browser.close();
    served.close();
  }
}

function durationsOf(traced) {
  // Calls that go on when the trace ends have no duration.
  const events = traced.filter(({ dur }) => dur !== undefined);
  const blocks = events.filter(({ name }) => name.endsWith("Process (author script execution)"));
  const messages = events.filter(
    ({ name, tid, args }) =>
      name === "FunctionCall" &&
      tid === blocks[0]?.tid &&
      args.data.functionName.endsWith("onmessage"),
  );
  return {
    blocks: blocks.map(({ dur }) => dur),
    // Without the time other threads had the core; calls too short for that clock have none.
    cpu: blocks.map(({ tdur = 0 }) => tdur),
    messages: messages.map(({ dur }) => dur),
  };
}
