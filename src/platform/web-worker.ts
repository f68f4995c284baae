/** @file A worker of the pool, on the web: `workers/pool.js` of the build. */
import { serve, type WorkerStart } from "./worker-start.ts";

addEventListener("message", (event: MessageEvent<WorkerStart>) => serve(event.data), { once: true });
