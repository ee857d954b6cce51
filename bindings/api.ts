/*
 * Every public name but load, which depends on where the host has lmu.wasm from: index.ts, index.workerd.ts, index.edge.ts.
 */
export type { ActivationDescription } from "./activations.js";
export { LmuError, type LmuErrorCode } from "./errors.js";
export type {
  FormerRequest,
  HippoRequest,
  LayerRequest,
  LmuRequest,
  ModuleRequest,
  NativeRequest,
  RecurrentRequest,
} from "./formats/torch/request.js";
export type { Chunk } from "./model/feed.js";
export type { Full } from "./model/edition.js";
export type { Kinds } from "./layers/kinds.js";
export type { Load } from "./model/load.js";
export type { LoadOptions } from "./model/load-options.js";
export type { RunOptions } from "./model/job.js";
export type { Advance, Model } from "./model/model.js";
export type { Pool } from "./model/pool.js";
export type { PrefillOptions } from "./model/prefill-options.js";
export type { Samples } from "./model/ports.js";
export type { MemoryOptions, Recall, WindowOptions, WindowRange } from "./model/recall.js";
export type { LayerReport, Report, TensorReport } from "./model/report.js";
export type { PrefillReport } from "./plan/prefill.js";
export type { WasmModule } from "./runtime/kernel.js";
export type { FormatOptions } from "./formats/read.js";
export type { Progress, ReadOptions, Source, SourceFiles, SourceValue } from "./source/source.js";
export type { SaveOptions, SnapshotDType } from "./model/snapshot.js";
export { Timeline, type TimelineOptions } from "./model/timeline.js";
export type { StepOptions } from "./model/step-options.js";
export type { Stream } from "./model/stream.js";
