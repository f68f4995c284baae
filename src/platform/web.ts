/** @file What differs between Node and the web, the web's side. `node.ts` has the same names. */

/** Milliseconds since an arbitrary start, monotonic. */
export const now = (): number => performance.now();

/** Lets rendering, input and messages run before the returned promise resolves. */
export const yieldToHost = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });

/** A page has no environment variables. */
export const environment = (_name: string): string | undefined => undefined;

async function compile(build: "simd" | "relaxed"): Promise<WebAssembly.Module | undefined> {
  try {
    return await WebAssembly.compileStreaming(fetch(new URL(`../kernels/${build}.wasm`, import.meta.url)));
  } catch {
    return undefined;
  }
}

const relaxed = await compile("relaxed");
const simd = relaxed ?? (await compile("simd"));

/** A build of the kernels, or undefined where it could not be loaded or this browser can't run it. */
export const kernelModule = (build: "simd" | "relaxed"): WebAssembly.Module | undefined =>
  build === "relaxed" ? relaxed : simd;
