import { describe } from "../../bindings/cli/bench/describe.js";
import { measure } from "../../bindings/cli/bench/measure.js";
import type { Cold, Result } from "../../bindings/cli/bench/result.js";
import { ROUNDS } from "../../bindings/cli/bench/stopwatch.js";
import type * as Entry from "../../bindings/index.js";
import type { Model, Report, SourceFiles } from "../../bindings/index.js";
import { bars } from "./bars.js";

/*
 * Measures a model in the browser with the code of `lmu-wasm bench`. With ?model=NAME it starts by itself, and posts what came out.
 */

/** A model of the site: its name, and addresses of its files. */
interface Shipped {
  readonly name: string;
  readonly files: readonly string[];
}

const $ = <E extends Element>(selector: string) => document.querySelector<E>(selector)!;
const form = $<HTMLFormElement>("form");
const status = $("p");
const query = new URLSearchParams(location.search);
const shipped = (await (await fetch("models.json")).json()) as Shipped[];
const select = $<HTMLSelectElement>("select");
select.append(...shipped.map(({ name }) => new Option(name)));
select.value = query.get("model") ?? shipped[0]!.name;
const seconds = $<HTMLInputElement>("[name=seconds]");
seconds.value = query.get("seconds") ?? seconds.value;
/** Whether the library has been imported: later starts of this page are no fresh ones. */
let isWarm = false;

async function show(): Promise<{ result: Result; lines: string[] } | { error: string }> {
  form.inert = true;
  status.role = "status";
  try {
    const result = await measured();
    const lines = describe(result);
    $("figure").innerHTML = bars(result.figures);
    $("pre").textContent = lines.join("\n");
    const link = $<HTMLAnchorElement>("a");
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([JSON.stringify(result)]));
    link.hidden = false;
    status.textContent = "";
    return { result, lines };
  } catch (error) {
    status.role = "alert";
    status.textContent = String(error);
    return { error: String(error) };
  } finally {
    form.inert = false;
  }
}

async function measured(): Promise<Result> {
  const { name, source } = await chosen();
  await say(`${name}: start`);
  const { model, cold } = await start(source);
  try {
    const onRound = (round: number) => say(`${name}: round ${round + 1} of ${ROUNDS}`);
    const found = await measure(model, { seconds: seconds.valueAsNumber, onRound });
    const machine = `${navigator.hardwareConcurrency} cores, ${navigator.userAgent}`;
    return { model: name, machine, ...found, cold };
  } finally {
    model.dispose();
  }
}

/** The files that were picked, or what the site has; bytes, for it is not the network that is measured. */
async function chosen(): Promise<{ name: string; source: Uint8Array | SourceFiles }> {
  const own = [...$<HTMLInputElement>("[name=own]").files!];
  const { name, files } = shipped[select.selectedIndex]!;
  const fetched = () => files.map(async (url) => [url, await bytesOf(await fetch(url))] as const);
  const named = own.length
    ? own.map(async (file) => [file.name, await bytesOf(file)] as const)
    : fetched();
  const all = await Promise.all(named);
  const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  return {
    name: own.length ? own.map((file) => file.name).join(", ") : name,
    source:
      all.length === 1
        ? all[0]![1]
        : Object.fromEntries(all.map(([path, bytes]) => [baseName(path), bytes])),
  };
}

async function bytesOf(file: Blob | Response): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

async function start(
  source: Uint8Array | SourceFiles,
): Promise<{ model: Model; cold: Cold | undefined }> {
  const begin = performance.now();
  const { load } = (await import("lmu-wasm")) as unknown as typeof Entry;
  const imported = performance.now();
  const model = await load(source);
  const loaded = performance.now();
  runOnce(model, model.report());
  const end = performance.now();
  const cold = {
    ...{ processes: 1, firstOutput: end - begin, importing: imported - begin },
    ...{ loading: loaded - imported, running: end - loaded },
  };
  const isFresh = !isWarm;
  isWarm = true;
  return { model, cold: isFresh ? cold : undefined };
}

function runOnce(model: Model, { inputSize, steps, notStreamable }: Report): void {
  if (notStreamable === undefined) model.stream().step(new Float32Array(inputSize));
  else model.run(new Float32Array(inputSize * (steps ?? 64)));
}

/** Says what is going on, and lets the browser draw it. */
async function say(words: string): Promise<void> {
  status.textContent = words;
  await new Promise((resolve) => setTimeout(resolve));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void show();
});
if (query.has("model")) {
  const body = JSON.stringify(await show());
  await fetch("/outcomes", { method: "POST", body });
}
