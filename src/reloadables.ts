import type { Logger } from 'pino';
import type { Access } from './access/access.ts';
import type { Config } from './config/schema.ts';
import type { LinearFitter } from './linear/fitter.ts';
import { fitterBounds, rulesOf, weigherOptions } from './pipeline/create.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import type { Weigher } from './pipeline/weigh.ts';
import type { Reloadable } from './reload.ts';
import type { Server } from './server/server.ts';
import type { StoreBounds } from './store/options.ts';
import type { Store } from './store/store.ts';
import type { Learning } from './verbs/learning.ts';

interface Rooms {
  readonly log: Logger;
  readonly access: Access;
  readonly store: Store;
  readonly linear: LinearFitter;
  readonly pipeline: Pipeline;
  readonly server: Server;
  readonly learning: Learning;
  readonly weigher: Weigher;
}

/** What follows a reload. Secrets and certificates are read anew each time, whether or not a key has changed. */
export function reloadablesOf({
  log,
  access,
  store,
  linear,
  pipeline,
  server,
  learning,
  weigher,
}: Rooms): readonly Reloadable[] {
  return [
    (config) => {
      const rules = rulesOf(config);
      return () => pipeline.adopt(rules);
    },
    (config) => access.prepare(config),
    (config) => () => learning.adopt(config.learn),
    (config) => () => weigher.adopt(weigherOptions(config)),
    (config) => () => server.adopt(config.limits),
    (config) => () => store.adopt(storeBounds(config)),
    (config) => () => linear.adopt(fitterBounds(config)),
    ({ log: { level } }) =>
      () => {
        log.level = level;
      },
  ];
}

/** What of the store's bounds may change while it is open. */
export function storeBounds({ store, traces, bayes }: Config): StoreBounds {
  return {
    hostsMax: bayes.server.hosts_max,
    reporterLessonsPerDay: bayes.server.reporter_lessons_per_day,
    reporterLessonsWhole: bayes.server.reporter_lessons_whole,
    reporterLessonsMax: bayes.server.reporter_lessons_max,
    tracesBytesMax: traces.bytes_max,
    tracesDays: traces.days,
    reportedDays: bayes.reported.days,
    undoDays: store.undo_days,
    userLessonDays: store.user_lesson_days,
    operatorLessonDays: store.operator_lesson_days,
    userLessonsMax: bayes.user.lessons_max,
    lessonsBytesMax: store.lessons_bytes_max,
    userUnusedDays: bayes.user.unused_days,
    checkpointSeconds: store.checkpoint_seconds,
  };
}
