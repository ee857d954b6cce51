import type * as threads from "node:worker_threads";

/** One end of a channel to another thread, whatever the host calls it. */
export interface Port<Out, In> {
  post(message: Out, transfer: readonly ArrayBuffer[]): void;
  listen(onMessage: (message: In) => void, onFailure: (failure: unknown) => void): void;
  /** Whether the thread keeps the process alive: while somebody waits for it. Only Node cares. */
  hold(isBusy: boolean): void;
  close(): void;
}

/** node:worker_threads, without an import that bundlers would stumble over. */
function nodeThreads(): typeof threads | undefined {
  return globalThis.process?.getBuiltinModule?.("node:worker_threads");
}

/** What of a worker of any host is used. */
type AnyWorker = Worker | threads.Worker;

/**
 * A worker started by the caller, as a port.
 *
 * @throws TypeError for anything else: the address of a script, say
 */
export function portOf<Out, In>(worker: AnyWorker): Port<Out, In> {
  if (typeof (worker as Partial<AnyWorker> | undefined)?.postMessage !== "function") {
    throw new TypeError(`Cannot use the worker: ${String(worker)} is no Worker`);
  }
  if ("addEventListener" in worker) return webPort(worker);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      worker.on("message", onMessage);
      worker.on("messageerror", onFailure);
      worker.on("error", onFailure);
      worker.on("exit", (code) => onFailure(new Error(`the worker ended with code ${code}`)));
      worker.unref();
    },
    hold: (isBusy) => (isBusy ? worker.ref() : worker.unref()),
    close: () => void worker.terminate(),
  };
}

/** All that browsers say of a script that they cannot fetch, or that is none, is nothing. */
const MISSING = "its script cannot be loaded, expected lmu-wasm/worker/host.js at its address";

function listenTo<In>(
  target: Pick<Worker, "addEventListener">,
  onMessage: (message: In) => void,
  onFailure: (failure: unknown) => void,
): void {
  target.addEventListener("message", ({ data }) => onMessage(data as In));
  target.addEventListener("messageerror", () => onFailure(new Error("a message was lost")));
}

function webPort<Out, In>(worker: Worker): Port<Out, In> {
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen: (onMessage, onFailure) => {
      listenTo(worker, onMessage, onFailure);
      worker.addEventListener("error", ({ message }) => onFailure(new Error(message || MISSING)));
    },
    hold: () => undefined,
    close: () => worker.terminate(),
  };
}

/** Where Vite up to 7 puts this script while a page is developed: into a folder of its own, without those it starts. */
const MOVED = /^(.*?\/)(?:@fs|node_modules)\/.*\/lmu-wasm_worker\.js/;

/** Starts the worker script of this package. */
export function startWorker(): AnyWorker {
  if (typeof Worker === "function") {
    const [, base] = MOVED.exec(import.meta.url) ?? [];
    if (base) return new Worker(`${base}@id/lmu-wasm/worker/host.js`, { type: "module" });
    // Bundlers know this very form, and take the script and all that it imports along.
    return new Worker(new URL("./host.js", import.meta.url), { type: "module" });
  }
  const { Worker: NodeWorker } = nodeThreads()!;
  return new NodeWorker(new URL("./host.js", import.meta.url));
}

/** The page's end, seen from the worker. */
export function parentPort<Out, In>(): Port<Out, In> {
  const scope = globalThis as unknown as Worker;
  if (typeof scope.postMessage === "function") {
    return { ...webPort<Out, In>(scope), listen: (...heard) => listenTo(scope, ...heard) };
  }
  const parent = nodeThreads()?.parentPort;
  if (!parent) throw new TypeError("Cannot start: this script is for workers");
  return {
    post: (message, transfer) => parent.postMessage(message, transfer),
    listen: (onMessage, onFailure) => {
      parent.on("message", onMessage);
      parent.on("messageerror", onFailure);
    },
    hold: () => undefined,
    close: () => parent.close(),
  };
}
