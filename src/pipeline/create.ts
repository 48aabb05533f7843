import type { Config } from '../config/schema.ts';
import { createStream } from '../filters/auth/stream.ts';
import { createExplain } from '../filters/bayes/evidence.ts';
import { createFindStretches } from '../filters/bayes/find-stretches.ts';
import { createReported } from '../filters/bayes/reported.ts';
import { type BayesServerOptions, createBayesServer } from '../filters/bayes/server.ts';
import { createBayesUser } from '../filters/bayes/user.ts';
import type { Filter } from '../filters/filter.ts';
import { createJIDRate } from '../filters/karma/jid-rate.ts';
import { createLinearServer } from '../filters/linear/server.ts';
import type { FitterBounds } from '../linear/fitter.ts';
import { type Allowances, RateTable } from '../live/rate-table.ts';
import type { Store } from '../store/store.ts';
import { Gather, type LinearSource } from './gather.ts';
import { pipelineOptions } from './options.ts';
import { Pipeline, type PipelineEvents, type Rules } from './pipeline.ts';
import { TextCache } from './text-cache.ts';
import type { WeigherOptions } from './weigh.ts';

/** The pipeline of this release over a store: every unit, in the order of `UNITS`. */
export function createPipeline(
  config: Config,
  { store, linear }: { readonly store: Store; readonly linear: LinearSource },
  events: PipelineEvents,
): Pipeline {
  const rates = new RateTable({ ...allowancesOf(config), sendersMax: config.karma.jid_rate.senders_max });
  return new Pipeline({
    rules: rulesOf(config),
    gather: new Gather({ store, rates, linear }),
    texts: new TextCache(
      store.ids,
      config.cache.texts_bytes_max,
      store.facts.subjects('text', config.cache.records_max),
    ),
    facts: store.facts,
    events,
  });
}

/** All of the configuration that a verdict goes by, for a pipeline that runs to adopt. */
export function rulesOf(config: Config): Rules {
  return {
    filters: createFilters(config),
    explain: createExplain(serverOptions(config)),
    findStretches: createFindStretches(serverOptions(config)),
    options: pipelineOptions(config),
    allowances: allowancesOf(config),
    scope: config.bayes.server.scope,
  };
}

/** What weighing a report goes by. */
export function weigherOptions(config: Config): WeigherOptions {
  return { ...serverOptions(config), scope: config.bayes.server.scope };
}

/** The filters of this release, in the order of `UNITS`. */
export function createFilters(config: Config): readonly Filter[] {
  const { bayes, linear, karma } = config;
  const server = serverOptions(config);
  return [
    createBayesServer(server),
    createBayesUser({ lessonsMin: bayes.user.lessons_min, server }),
    createLinearServer({ lessonsMin: linear.server.lessons_min, server }),
    createJIDRate({ halfScoreRatio: karma.jid_rate.half_score_ratio }),
    createStream(),
    createReported({ reportersMin: bayes.reported.reporters_min, server }),
  ];
}

/** How often `linear.server` is fitted, and to how much. */
export function fitterBounds({ linear: { server } }: Config): FitterBounds {
  return { isWanted: server.weight > 0, lessonsMax: server.lessons_max, seconds: server.fit_seconds };
}

function serverOptions({ bayes: { server } }: Config): BayesServerOptions {
  return { lessonsMin: server.lessons_min, tokensMin: server.tokens_min };
}

function allowancesOf({ karma: { jid_rate: rate } }: Config): Allowances {
  return {
    stanzasBurst: rate.stanzas_burst,
    stanzasPerMinute: rate.stanzas_per_minute,
    recipientsBurst: rate.recipients_burst,
    recipientsPerHour: rate.recipients_per_hour,
  };
}
