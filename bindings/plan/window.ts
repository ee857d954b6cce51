import type {
  ConvolutionDescription,
  GlobalPoolDescription,
  PoolDescription,
} from "../description.js";
import { LmuError } from "../errors.js";
import type { Address } from "./address.js";
import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import { expectSequence, type Named, type Node } from "./node.js";
import { pad4, Panels } from "./panels.js";
import { singleClock } from "./time.js";

/** What of the sequence a convolution or a pooling sees at a time, in rows. */
interface Geometry {
  /** From the first to the last row a window covers. */
  readonly span: number;
  readonly stride: number;
  /** Zero rows before and after the sequence. */
  readonly left: number;
  readonly right: number;
}

export function planConvolution(
  layer: Named<ConvolutionDescription>,
  [x]: readonly [Node],
  b: Builder,
): Node {
  const { name, stride = 1, dilation = 1, groups = 1, padding = [0, 0] } = layer;
  const inputs = x.width / groups;
  const [outputs, taps] = b.shape(
    `${name}.weight`,
    undefined,
    undefined,
    Number.isInteger(inputs) ? inputs : -1,
  );
  if (outputs % groups !== 0) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: convolution ${name} has ${outputs} outputs in ${groups} groups, expected a multiple`,
    );
  }
  const geometry = { span: (taps - 1) * dilation + 1, stride, left: padding[0], right: padding[1] };
  const { window, clock } = planWindow(name, x, geometry, b);
  const output = b.node(clock, outputs);
  const isDepthwise = groups === x.width && outputs === x.width;
  b.multiplyAdds(outputs * taps * inputs);
  b.program.record("convolution", x.clock, {
    window,
    output: output.at,
    outputs: pad4(outputs),
    width: outputs,
    outputClock: clock.id,
    taps,
    dilation,
    isDepthwise: Number(isDepthwise),
    weights: isDepthwise
      ? depthwise(name, outputs, taps, b)
      : dense(name, { outputs, taps, inputs, groups }, b),
    bias: b.has(`${name}.bias`)
      ? b.vector(`${name}.bias`, outputs)
      : b.weights.vector(undefined, outputs),
    activation: b.program.activation(name, layer.activation),
  });
  return output;
}

/** One matrix per tap, its rows apart in the tensor; groups become blocks of a matrix that is zero elsewhere. */
function dense(
  name: string,
  {
    outputs,
    taps,
    inputs,
    groups,
  }: { outputs: number; taps: number; inputs: number; groups: number },
  b: Builder,
): Address {
  const panels = new Panels(pad4(outputs), inputs * groups);
  const at = b.weights.reserve(taps * panels.size);
  b.weights.packings.push({
    source: `${name}.weight`,
    columns: inputs,
    offset: at.offset,
    first: (row) => {
      const [output, tap] = [Math.floor(row / taps), row % taps];
      const group = Math.floor((output * groups) / outputs);
      return tap * panels.size + panels.first(output) + group * inputs * panels.step(output);
    },
    step: (row) => panels.step(Math.floor(row / taps)),
  });
  return b.program.matrix(at, pad4(outputs), inputs * groups);
}

/** f32[taps][outputs]. */
function depthwise(name: string, outputs: number, taps: number, b: Builder): Address {
  const stride = pad4(outputs);
  const at = b.weights.reserve(taps * stride);
  b.weights.packings.push({
    source: `${name}.weight`,
    columns: taps,
    offset: at.offset,
    first: (output) => output,
    step: () => stride,
  });
  return at;
}

export function planPool(layer: Named<PoolDescription>, [x]: readonly [Node], b: Builder): Node {
  const { name, size, stride = size } = layer;
  const { window, clock } = planWindow(name, x, { span: size, stride, left: 0, right: 0 }, b);
  const output = b.node(clock, x.width);
  const isMean = Number(layer.mode === "mean");
  b.program.record("pool", x.clock, { window, output: output.at, outputClock: clock.id, isMean });
  return output;
}

export function planGlobalPool(
  layer: Named<GlobalPoolDescription>,
  [x]: readonly [Node],
  b: Builder,
): Node {
  if (x.clock.isSingle) return x;
  const clock = singleClock(b, x.clock);
  const output = b.node(clock, x.width);
  const isMean = layer.mode === "mean";
  const state = b.state("count", [1], "f64");
  if (isMean) b.state("sum", [2, pad4(x.width)], "f64");
  else b.state("maximum", [x.width]);
  b.program.record("globalPool", x.clock, {
    input: x.at,
    output: output.at,
    stride: pad4(x.width),
    outputClock: clock.id,
    isMean: Number(isMean),
    state,
  });
  return output;
}

/** The window record and the clock of what comes out of it. */
function planWindow(
  name: string,
  x: Node,
  geometry: Geometry,
  b: Builder,
): { window: Address; clock: Clock } {
  expectSequence(name, x);
  const { span, stride, left, right } = geometry;
  b.countWindow(name, left + right);
  const width = pad4(x.width);
  const kept = Math.max(span - 1, left);
  const rowsInView = x.clock.capacity + (kept + right) * b.capacity.streams;
  const state = b.state("count", [1], "i32");
  b.state("rows", [kept, width]);
  const window = b.program.part("window", {
    input: x.at,
    width,
    rows: b.scratch(rowsInView * width),
    span,
    stride,
    left,
    right,
    state,
  });
  const capacity = Math.ceil(rowsInView / stride) + b.capacity.streams;
  return { window, clock: b.program.clock({ capacity, ...windowRows(name, x.clock, geometry) }) };
}

/** When a window over the rows of a clock makes rows of its own. */
function windowRows(
  name: string,
  from: Clock,
  { span, stride, left, right }: Geometry,
): Omit<Clock, "id" | "capacity"> {
  const made = (seen: number) => (seen < span ? 0 : Math.floor((seen - span) / stride) + 1);
  const rows = from.rows === undefined ? undefined : made(from.rows + left + right);
  if (rows === 0) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: ${name} has ${from.rows} steps to read, expected at least ${span - left - right}`,
    );
  }
  const keepsLength = stride === 1 && left + right === span - 1;
  return {
    isSingle: false,
    rate: keepsLength ? from.rate : `${from.rate} ${span}/${stride}+${left}+${right}`,
    delay: from.delay + right * from.stepsPerRow,
    stepsPerRow: from.stepsPerRow * stride,
    rows,
    rowsAfter: (steps, isEnded) => {
      // The padding in front may suffice for outputs, but the first call makes them.
      if (steps === 0 && !isEnded) return 0;
      return made(from.rowsAfter(steps, isEnded) + left + (isEnded ? right : 0));
    },
  };
}
