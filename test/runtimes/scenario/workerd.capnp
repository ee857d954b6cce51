using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);

const worker :Workerd.Worker = (
  # workerd refuses dates newer than itself.
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "workerd.mjs", esModule = embed "workerd.mjs"),
    (name = "lmu.wasm", wasm = embed "lmu.wasm"),
    (name = "lmu-full.wasm", wasm = embed "lmu-full.wasm"),
  ],
);
