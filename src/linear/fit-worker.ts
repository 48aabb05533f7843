import { parentPort, workerData } from 'node:worker_threads';
import { fitModel } from './fit.ts';
import type { Problem } from './problem.ts';

const model = fitModel(workerData as Problem);
parentPort?.postMessage(model, [model.table.buffer as ArrayBuffer]);
