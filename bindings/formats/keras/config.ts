import type { Output } from "../importer.js";

/** Whether an axis is the last one, that of the features. */
export function isLastAxis(axis: unknown, x: Pick<Output, "isRow">): boolean {
  return axis === -1 || axis === (x.isRow ? 1 : 2);
}

/** A JSON object of a Keras configuration. */
export type Json = Readonly<Record<string, unknown>>;

/** A layer as Keras serialises it. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Json;
  /** Calls of the layer in a functional model. */
  readonly inboundNodes: unknown;
}

/** Modules of Keras itself. */
const OWN_MODULE = /^(tf_)?keras(\.|$)|^tensorflow\./;

/**
 * The class of a serialised object. One that is somebody's own keeps the package it was registered in, "my>Dense", or
 * its module, because it may compute anything; LMUs are theirs whatever the package.
 */
export function classNameOf(serialised: Json): string {
  const { class_name: name, registered_name: registered, module } = serialised;
  const isRegistered = typeof registered === "string";
  let className = typeof name === "string" ? name : "";
  if (isRegistered && registered.includes(">")) className = registered;
  // Keras writes the name of registration for all that is not its own; its models are no exception.
  else if (isRegistered && typeof module === "string" && !OWN_MODULE.test(module))
    className = `${module}>${className}`;
  const own = className.slice(className.lastIndexOf(">") + 1);
  return own.startsWith("LMU") ? own : className;
}
