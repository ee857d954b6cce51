import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BROWSERS } from "../../test/runtimes/browsers.mjs";
import { ISOLATED } from "../../test/runtimes/site.mjs";

/*
 * Firefox has no numbers of its own: the page writes the time into shared memory, which the audio thread reads.
 */

/** Firefox plays without a click, and its clock is not blurred. */
const PREFERENCES = `user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("privacy.reduceTimerPrecision", false);
user_pref("privacy.reduceTimerPrecision.unconditional", false);
`;

const engine = BROWSERS.find(({ name }) => name === "Firefox");

export const { name, find, versionOf } = engine;

/** The page must time the blocks. */
export const needsClock = true;

/** Visits a page, and gives what it posts: with the durations of process() in µs. */
export function measure(program, site, page, seconds) {
  const profile = join(site.home, name);
  mkdirSync(profile, { recursive: true });
  writeFileSync(join(profile, "user.js"), PREFERENCES);
  return engine.run(program, { ...site, page, headers: ISOLATED, seconds });
}
