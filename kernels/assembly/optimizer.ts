// Optimizer steps in place; see src/engine/reference/optimizer.ts.
import { loadLanes, storeLanes } from "./lanes";

// @ts-ignore: decorator
@inline function s(x: f32): v128 { return f32x4.splat(x); }

export function adam(
  w: usize, g: usize, m: usize, v: usize, n: i32,
  stepSize: f32, rootScale: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, epsilon: f32,
): void {
  for (let j = 0; j < n; j += 4) {
    const left = n - j;
    const at = <usize>j << 2;
    const gradient = loadLanes(g + at, left);
    const mean = f32x4.add(f32x4.mul(s(beta1), loadLanes(m + at, left)), f32x4.mul(s(rest1), gradient));
    const square = f32x4.add(f32x4.mul(s(beta2), loadLanes(v + at, left)), f32x4.mul(s(rest2), f32x4.mul(gradient, gradient)));
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(square), s(rootScale)), s(epsilon));
    storeLanes(m + at, mean, left);
    storeLanes(v + at, square, left);
    storeLanes(w + at, f32x4.sub(loadLanes(w + at, left), f32x4.mul(s(stepSize), f32x4.div(mean, root))), left);
  }
}
