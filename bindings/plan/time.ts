import type { TimeDescription } from "../description.js";
import { LmuError } from "../errors.js";
import type { Builder } from "./builder.js";
import type { Clock } from "./clock.js";
import type { Named, Node } from "./node.js";
import { pad4 } from "./panels.js";

/** Plans last, reverse and flatten. */
export function planTime(layer: Named<TimeDescription>, [x]: readonly [Node], b: Builder): Node {
  if (x.clock.isSingle) return x;
  if (layer.type === "reverse") return reverse(layer.name, x, b);
  if (layer.type === "flatten") return flatten(layer.name, x, b);
  const clock = singleClock(b, x.clock);
  const output = b.node(clock, x.width);
  const stride = pad4(x.width);
  b.program.record("last", x.clock, {
    input: x.at,
    output: output.at,
    stride,
    outputClock: clock.id,
  });
  return output;
}

/** A clock with one row per call: the newest of what runs on another. */
export function singleClock(b: Builder, from: Clock): Clock {
  return b.program.clock({
    capacity: b.capacity.streams,
    isSingle: true,
    rate: "single",
    delay: from.delay,
    stepsPerRow: from.stepsPerRow,
    rows: 1,
    rowsAfter: (steps, isEnded) => from.rowsAfter(steps, isEnded),
  });
}

function reverse(name: string, x: Node, b: Builder): Node {
  b.needWholeSequence(`${name} reads the sequence from its end`);
  const output = b.node(x.clock, x.width);
  b.program.record("reverse", x.clock, { input: x.at, output: output.at, stride: pad4(x.width) });
  return output;
}

function flatten(name: string, x: Node, b: Builder): Node {
  const { rows } = x.clock;
  if (rows === undefined) {
    throw new LmuError(
      "description-invalid",
      `Cannot load the model: flatten ${name} has a sequence of any length, expected a fixed number of input steps`,
    );
  }
  b.needWholeSequence(`${name} needs all ${rows} steps at once`);
  const clock = singleClock(b, x.clock);
  const output = b.node(clock, rows * x.width);
  b.program.record("flatten", x.clock, {
    input: x.at,
    output: output.at,
    stride: pad4(x.width),
    width: x.width,
    outputStride: pad4(output.width),
    outputClock: clock.id,
  });
  return output;
}
