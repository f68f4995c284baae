// What runs in a page. The page's address has the variables that a process would have in its environment, and its global `runTask` waits for calls.
globalThis.unrolledEnvironment = Object.fromEntries(new URLSearchParams(location.search));

// the console does not tell by itself when code has caught the error
addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  console.error(`the policy's ${effectiveDirective} forbids ${blockedURI}`),
);

/** Where the pool counts its jobs in shared memory, as in kernels/assembly/pool.ts. */
const JOBS = 64;

/** Seconds for the workers to start. */
const PATIENCE = 60;

/** The memory that workers are started with, and how many of them can be loaded. */
let memory;
let workers = 0;
globalThis.Worker = class extends Worker {
  postMessage(start) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
    super.postMessage(start);
    memory = start.memory;
    workers++;
    this.addEventListener("error", () => workers--);
  }
};

async function workersAreThere(engineReport) {
  const end = performance.now() + PATIENCE * 1000;
  while (engineReport().running < workers + 1) {
    if (performance.now() > end) throw new Error(`${engineReport().running} of ${workers + 1} threads are there`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const tasks = {
  /** The five lines of the README, which print. */
  hello: async () => void (await import("hello")),

  report: async () => (await import("unrolled")).engineReport(),

  trainingHash: async () => (await import("../helpers/training-hash.mjs")).hash,

  /** A checkpoint that is made and read here, and what is said of a flipped bit. */
  checkpoint: async () => {
    const { decodeCheckpoint, encodeCheckpoint } = await import("unrolled");
    const { sha256 } = await import("../helpers/sha256.mjs");
    const w = { dtype: "float32", shape: [2_000_000], data: Float32Array.from({ length: 2_000_000 }, (_, i) => i / 3) };
    const bytes = await encodeCheckpoint({ state: { step: 3, text: "é" }, arrays: { w } });
    const { state, arrays } = await decodeCheckpoint(bytes);
    const isSame = arrays.w.data.every((x, i) => x === w.data[i]);
    const hash = await sha256([bytes]);
    bytes[bytes.length - 1] ^= 1;
    const { code, array } = await decodeCheckpoint(bytes).catch((error) => error);
    return { hash, isSame, step: state.step, code, array };
  },

  /** A run in a worker and the same here: whether all is equal, and by how many milliseconds this thread was late meanwhile at most. */
  inWorker: async () => {
    const { languageModel, encodeModel, train, trainInWorker } = await import("unrolled");
    const corpus = "It is a way I have of driving off the spleen, and regulating the circulation. ".repeat(200);
    const model = { corpus, hiddenSize: 256, seed: 1 };
    const options = { steps: 4, sequenceLength: 50, batchSize: 32 };
    const told = ({ kind, step, loss }) => [kind, step, loss];
    const there = trainInWorker(model, options);
    const events = [told((await there.next()).value)];
    let last = performance.now();
    let late = 0;
    const timer = setInterval(() => {
      late = Math.max(late, performance.now() - last - 5);
      last = performance.now();
    }, 5);
    for await (const event of there) events.push(told(event));
    clearInterval(timer);
    const bytes = await there.modelBytes();
    const here = languageModel(model);
    const expected = [];
    const began = performance.now();
    for await (const event of train(here, { ...options, threads: 1 })) expected.push(told(event));
    return {
      late,
      stepsTook: performance.now() - began,
      isSame: JSON.stringify(events) === JSON.stringify(expected) && String(bytes) === String(encodeModel(here)),
      events: events.length,
      error: await trainInWorker(model, { ...options, corpus: "It" })
        .next()
        .catch(({ name, code }) => ({ name, code })),
    };
  },

  /** Steps that are large enough for the pool, all but the first with every worker there. */
  largeSteps: async () => {
    const { engineReport, languageModel, loadLanguageModel, encodeModel, train } = await import("unrolled");
    const { sha256 } = await import("../helpers/sha256.mjs");
    const corpus = "It is a way I have of driving off the spleen, and regulating the circulation. ".repeat(40);
    const model = languageModel({ corpus, cell: "lstm", hiddenSize: 96, seed: 1 });
    for await (const event of train(model, { steps: 8, sequenceLength: 16, batchSize: 12 }))
      if (event.kind === "step") await workersAreThere(engineReport);
    const saved = encodeModel(model);
    return {
      hash: await sha256([saved]),
      loaded: await sha256([encodeModel(loadLanguageModel(saved))]),
      threads: engineReport().running,
      jobs: memory === undefined ? 0 : Atomics.load(new Int32Array(memory.buffer), JOBS / 4),
    };
  },
};

const turn = () => new Promise((resolve) => setTimeout(resolve));

/** In a turn of its own: what Chromium's debugger calls is free of the policy until it first waits. Then a turn for what was violated to be told. */
globalThis.runTask = async (name) => {
  await turn();
  const result = await tasks[name]();
  await turn();
  return result;
};
