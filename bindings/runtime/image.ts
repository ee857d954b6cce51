/** Rows in the memory of a model. */
interface Port {
  /** Byte address of the first row. */
  readonly at: number;
  /** Bytes from row to row. */
  readonly stride: number;
  /** Features in use. */
  readonly width: number;
}

/** Where everything that runs a model stands in its memory: byte addresses, but for what is counted. */
export interface Image {
  /** The plan. */
  readonly at: number;
  /** vocabulary: rows are one token id each, an integer. */
  readonly input: Port & { readonly vocabulary: number | undefined };
  readonly output: Port & {
    /** Address of the number of output rows that the last call left. */
    readonly rowsAt: number;
    /** The rows of all calls are one row, the newest. */
    readonly isSingle: boolean;
  };
  /** The first state; others follow. */
  readonly statesAt: number;
  readonly stateBytes: number;
  /** What a state grows by with every step, 0 for most models, and where in it the words of its block are. */
  readonly rowBytes: number;
  readonly blockAt: number;
  /** What one call may bring: rows of input, of all streams together. */
  readonly capacity: { readonly rows: number; readonly streams: number };
}

/**
 * A loaded model as plain data: what its memory holds, and where. It can be sent to another thread and run there without
 * reading or packing anything. Belongs to the lmu.wasm of the same version.
 */
export interface ModelImage extends Image {
  /** Memory from the plan on: plan and weights. */
  readonly bytes: ReturnType<typeof Uint8Array.of>;
}
