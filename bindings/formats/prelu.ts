import { computed, sizeOf, type Tensor } from "../tensor.js";
import type { Importer, Output } from "./importer.js";

/**
 * max(x, 0) + slope·min(x, 0), of layers that there are: none of them rounds but the product, as in the frameworks.
 *
 * @param slope - one number, or one for every feature
 */
export function addPrelu(importer: Importer, name: string, x: Output, slope: Tensor): Output {
  const { width } = x;
  const scale = sizeOf(slope.shape) === 1 ? computed([width], () => slope.at(0)) : slope;
  const part = (role: string) => `${name}/${role}`;
  const relu = { type: "activation", activation: "relu" } as const;
  const positive = importer.add(part("positive"), relu, [x], width);
  const negative = importer.add(part("negative"), { type: "subtract" }, [x, positive], width);
  const scaled = importer.add(part("scaled"), { type: "scale" }, [negative], width, { scale });
  return importer.add(name, { type: "add" }, [positive, scaled], width);
}
