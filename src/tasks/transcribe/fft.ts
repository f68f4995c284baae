/**
 * @file Power spectra by the fast Fourier transform (Cooley and Tukey 1965), radix 2, with its
 * tables made once.
 */

/**
 * |X_k|², k = 0 … n/2, of n real numbers, X_k = Σ x_i e^(-2πi·ik/n). `size` n is a power of 2, at
 * least 2.
 */
export function powerSpectrum(size: number): (x: Float64Array, into: Float64Array) => void {
  const cosines = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sines = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size));
  const bits = Math.log2(size);
  const reversed = Int32Array.from({ length: size }, (_, i) => {
    let out = 0;
    for (let bit = 0; bit < bits; bit++) out |= ((i >> bit) & 1) << (bits - 1 - bit);
    return out;
  });
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  return (x, into) => {
    for (let i = 0; i < size; i++) re[i] = x[reversed[i]];
    im.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let from = 0; from < size; from += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [from + k, from + k + half];
          const [c, s] = [cosines[k * stride], sines[k * stride]];
          const [re2, im2] = [re[b] * c + im[b] * s, im[b] * c - re[b] * s];
          re[b] = re[a] - re2;
          im[b] = im[a] - im2;
          re[a] += re2;
          im[a] += im2;
        }
      }
    }
    for (let k = 0; k <= size / 2; k++) into[k] = re[k] * re[k] + im[k] * im[k];
  };
}
