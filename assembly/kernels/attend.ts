import { maxLane, sumLanes } from "../simd/f32x4";
import { Lanes } from "../simd/lanes";
import { dots } from "./dots";
import { weigh } from "./weigh";

/** Keys taken in at a time: their scores stay in cache, and what came before is rescaled once for all of them. */
export const ATTENDED: u32 = 64;

/**
 * Takes up to 64 keys into the attention of one query, softmax(query · key - slope · |distance|) · values, whose parts are
 *
 *   top = max of all scores so far, total = Σ e^(score - top), y = Σ e^(score - top) · value; y / total is the answer
 *
 * (online softmax: Milakov, Gimelshein 2018). Begin with top = -infinity, total = 0, y = 0, and cut the keys at the same
 * places whenever the same bits are wanted. y is one accumulator per element that takes the keys in order. The slope (ALiBi:
 * Press, Smith, Lewis 2022) is for both directions, and 0 for none.
 *
 * Error of y / total: (width · A + keys + 16) · 2^-22 · max |value|, A = max (Σ |query · key| + slope · |distance|) over all.
 */
export function attend(
  y: usize, // f32[width], in and out
  running: usize, // f32[2], in and out: top, total
  query: usize, // f32[width]
  keys: usize, // f32[count][width], stride bytes apart
  values: usize, // f32[count][width], stride bytes apart
  stride: u32,
  count: u32, // 1 … 64
  width: u32, // a multiple of 4
  scores: usize, // scratch, f32[68]
  slope: f32,
  distance: i32, // from the first key to the query
): void {
  assert((y | running | query | keys | values | scores) % 4 == 0, "an array is not aligned");
  assert(count > 0 && count <= ATTENDED, "count is none of 1 to 64");
  assert(width % 4 == 0, "width is no multiple of 4");
  const end = scores + (((count + 3) & ~3) << 2);
  dots(scores, query, keys, stride, count, width);
  for (let at = scores + (count << 2); at < end; at += 4) store<f32>(at, -Infinity);
  // What came before fades by e^(its top - the new one), which stands behind the weights.
  const before = v128.load32_splat(running);
  let highest = before;
  let away = f32x4.sub(f32x4.splat(<f32>distance), f32x4(0, 1, 2, 3));
  for (let at = scores; at < end; at += 16) {
    const bias = f32x4.mul(f32x4.splat(slope), f32x4.abs(away));
    const score = f32x4.sub(v128.load(at), bias);
    v128.store(at, score);
    highest = f32x4.max(highest, score);
    away = f32x4.sub(away, f32x4.splat(4));
  }
  const top = f32x4.splat(maxLane(highest));
  v128.store(end, before);
  let sum = f32x4.splat(0);
  for (let at = scores; at <= end; at += 16) {
    const e = Lanes.exp(f32x4.sub(v128.load(at), top));
    if (at < end) sum = f32x4.add(sum, e);
    v128.store(at, e);
  }
  store<f32>(running, f32x4.extract_lane(top, 0));
  store<f32>(running, load<f32>(running, 4) * load<f32>(end) + sumLanes(sum), 4);
  weigh(y, scores, values, stride, count, width, load<f32>(end));
}
