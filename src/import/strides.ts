/** @file Arrays whose elements do not lie in row-major order. */

/** Whether elements lie as those of a new array. Strides of axes of size 1 say nothing. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** Elements from one index to the next on each axis, where the first axis varies fastest. */
export function columnMajorStrides(shape: readonly number[]): number[] {
  let step = 1;
  return shape.map((n) => {
    const own = step;
    step *= n;
    return own;
  });
}

/** Gives the index in the file of each element, by its index in row-major order. */
export function placesOf(shape: readonly number[], strides: readonly number[]): (index: number) => number {
  return (index) => {
    let rest = index;
    let place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const n = shape[axis];
      const at = rest % n;
      place += at * strides[axis];
      rest = (rest - at) / n;
    }
    return place;
  };
}
