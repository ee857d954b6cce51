import { expect, test } from "vitest";
import { anomalies, EVENTS } from "../examples/readout/anomaly.mjs";
import { forecast } from "../examples/readout/forecast.mjs";

/*
 * What examples/readout/README.md says, by the built package.
 */

test("a memory that nobody has trained forecasts a chaotic series", async () => {
  const [linear, products, trained] = (await forecast()).map(({ error }) => error);
  expect(linear).toBeLessThan(0.38);
  expect(products).toBeLessThan(0.0085);
  expect(trained).toBeLessThan(0.001);
});

test("what is strange in a live signal is seen at once, and nothing else is", async () => {
  const found = await anomalies();
  for (const { at } of EVENTS) expect(found.map(({ t }) => t)).toContain(at);
  // Each is heard of until it has left the memory.
  for (const { t } of found) expect(EVENTS.some(({ at }) => t >= at && t < at + 100)).toBe(true);
});
