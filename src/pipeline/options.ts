import type { Config } from '../config/schema.ts';
import type { UnitName } from '../model/unit.ts';
import type { PipelineOptions } from './pipeline.ts';
import type { Cap, ScoreOptions } from './score.ts';

/** What the configuration says about the meaning of opinions. */
export function scoreOptions(config: Config): ScoreOptions {
  const { groups } = config;
  return {
    weights: {
      'bayes.server': config.bayes.server.weight,
      'bayes.user': config.bayes.user.weight,
      'linear.server': config.linear.server.weight,
      'karma.jid_rate': config.karma.jid_rate.weight,
      'auth.stream': config.auth.stream.weight,
      'bayes.reported': config.bayes.reported.weight,
    },
    caps: {
      bayes: cap(groups.bayes),
      reported: { spam: groups.reported.cap_spam, ham: 0 },
      karma: cap(groups.karma),
      'karma.sender': cap(groups.karma_sender),
      auth: cap(groups.auth),
      'auth.tls': cap(groups.auth_tls),
      pow: cap(groups.pow),
    },
    spamThreshold: config.thresholds.spam,
    hamThreshold: config.thresholds.ham,
    slope: config.probability.slope,
    midpoint: config.probability.midpoint,
  };
}

/** The pipeline's part of the configuration. */
export function pipelineOptions(config: Config): PipelineOptions {
  return { score: scoreOptions(config), actions: config.actions, ttlSeconds: ttlSeconds(config) };
}

function cap(group: { readonly cap_spam: number; readonly cap_ham: number }): Cap {
  return { spam: group.cap_spam, ham: group.cap_ham };
}

function ttlSeconds({ cache }: Config): Readonly<Record<UnitName, number>> {
  return {
    'bayes.server': cache.bayes.server.ttl_seconds,
    'bayes.user': cache.bayes.user.ttl_seconds,
    'linear.server': cache.linear.server.ttl_seconds,
    'karma.jid_rate': cache.karma.jid_rate.ttl_seconds,
    'auth.stream': cache.auth.stream.ttl_seconds,
    'bayes.reported': cache.bayes.reported.ttl_seconds,
  };
}
