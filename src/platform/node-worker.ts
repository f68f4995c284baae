/** @file A worker thread of the pool, in Node. */
import { workerData } from "node:worker_threads";
import { serve, type WorkerStart } from "./worker-start.ts";

serve(workerData as WorkerStart);
