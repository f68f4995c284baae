/** @file A worker of the thread pool on the web: `workers/pool.js` in the build. */
import { serve, type WorkerStart } from "./worker-start.ts";

addEventListener("message", (event: MessageEvent<WorkerStart>) => serve(event.data), { once: true });
