// node examples/readout/run.mjs
import { anomalies, EVENTS } from "./anomaly.mjs";
import { forecast } from "./forecast.mjs";

console.log("A chaotic series, 15 steps ahead (error over the size of the series):");
for (const { name, error } of await forecast()) console.log(`  ${error.toFixed(4)}  ${name}`);

console.log("\nA live signal, and what was strange in it:");
const found = await anomalies();
for (const [i, { at, what }] of EVENTS.entries()) {
  const until = EVENTS[i + 1]?.at ?? Infinity;
  const hits = found.filter(({ t }) => t >= at && t < until);
  const [first] = hits;
  const most = Math.max(...hits.map(({ score }) => score)).toFixed(0);
  const seen = first ? `seen at ${first.t}, ${most} times the usual error` : "not seen";
  console.log(`  ${at}  ${what}: ${seen}`);
}
console.log(`  false alarms: ${found.filter(({ t }) => t < EVENTS[0].at).length}`);
