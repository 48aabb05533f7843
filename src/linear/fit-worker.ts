import { parentPort } from 'node:worker_threads';
import type { FitLesson } from '../store/store.ts';
import { fitModel } from './fit.ts';
import { evenly, lessonsOf, type Problem, problemOf } from './problem.ts';

const lessons: FitLesson[] = [];

/** Lessons, and at last how many of them a fit takes. */
parentPort?.on('message', (message: Problem | number) => {
  if (typeof message !== 'number') lessons.push(...lessonsOf(message));
  else {
    const model = fitModel(problemOf(evenly(lessons.splice(0), message)));
    parentPort?.postMessage(model, [model.table.buffer as ArrayBuffer]);
  }
});
