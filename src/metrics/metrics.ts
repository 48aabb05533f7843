import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Opinion } from '../model/opinion.ts';
import { UNITS, type UnitName } from '../model/unit.ts';
import type { Verdict } from '../model/verdict.ts';
import { Buckets, register, Tally } from './tally.ts';

/** Seconds; a verdict takes tens of microseconds, so the bounds begin there. */
const LATENCY_BOUNDS = [
  0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
  1,
];
const WEIGHT_BOUNDS = [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.999];
const SCORE_BOUNDS = [-0.8, -0.6, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1];

/** Numbers that are read at the scrape, not counted: store sizes, queue depths, connections. */
export type Gauges = Readonly<Record<string, { help: string; read: () => number }>>;

/** All that Providence counts. Labels come from closed sets (verb, code, unit, verdict): never a JID, never a domain. */
export class Metrics {
  readonly registry = new Registry();
  readonly #verdicts = new Tally(['verdict', 'action']);
  readonly #requests = new Tally(['verb', 'code']);
  readonly #lessons = new Tally(['label', 'outcome']);
  readonly #abstentions = new Tally(['filter', 'reason']);
  readonly #failures = new Tally(['filter']);
  readonly #handshakeFailures = new Tally([]);
  readonly #cache = new Tally(['filter', 'result']);
  readonly #reloads = new Tally(['result']);
  readonly #observations = new Tally(['event', 'outcome']);
  readonly #latency = new Buckets(LATENCY_BOUNDS);
  readonly #reportWeights = new Buckets(WEIGHT_BOUNDS);
  readonly #scores = UNITS.map(() => new Buckets(SCORE_BOUNDS));

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    const tallies = [
      ['providence_verdicts_total', 'Verdicts by verdict and action.', this.#verdicts],
      ['providence_requests_total', 'Requests by verb and status code.', this.#requests],
      ['providence_lessons_total', 'Lessons by label and outcome.', this.#lessons],
      ['providence_observations_total', 'Events told by OBSERVE, by outcome.', this.#observations],
      ['providence_filter_abstentions_total', 'Abstentions by filter and reason.', this.#abstentions],
      ['providence_filter_failures_total', 'Filters that threw.', this.#failures],
      ['providence_handshake_failures_total', 'TLS handshakes that failed.', this.#handshakeFailures],
      ['providence_cache_lookups_total', 'Look-ups of cached opinions by filter and result.', this.#cache],
      ['providence_config_reloads_total', 'Reloads of the configuration by result.', this.#reloads],
    ] as const;
    for (const [name, help, tally] of tallies) {
      register(this.registry, { name, help, type: 'counter' }, () => tally.values());
    }
    const seconds = 'providence_verdict_seconds';
    register(
      this.registry,
      { name: seconds, help: 'Time from the last byte of a request to its verdict.', type: 'histogram' },
      () => this.#latency.values(seconds, {}),
    );
    const weights = 'providence_report_weight';
    register(
      this.registry,
      { name: weights, help: "What users' reports are worth in the table of all.", type: 'histogram' },
      () => this.#reportWeights.values(weights, {}),
    );
    const scores = 'providence_filter_score';
    register(
      this.registry,
      { name: scores, help: 'Scores by filter, -1 ham to 1 spam.', type: 'histogram' },
      () => UNITS.flatMap((filter, index) => (this.#scores[index] as Buckets).values(scores, { filter })),
    );
  }

  /** Adds gauges read at each scrape. */
  addGauges(gauges: Gauges): void {
    for (const [name, gauge] of Object.entries(gauges)) {
      register(this.registry, { name, help: gauge.help, type: 'gauge' }, () => [
        { labels: {}, value: gauge.read() },
      ]);
    }
  }

  /** @param seconds from the request's last byte to its verdict. */
  verdict(verdict: Verdict, seconds: number): void {
    this.#verdicts.add(verdict.verdict, verdict.action);
    this.#latency.add(seconds);
    for (let index = 0; index < verdict.opinions.length; index += 1) {
      const opinion = verdict.opinions[index] as Opinion;
      if (opinion.kind === 'opinion') (this.#scores[index] as Buckets).add(opinion.score);
      else this.#abstentions.add(UNITS[index] as UnitName, opinion.reason);
    }
  }

  /** Verdicts so far. */
  get verdicts(): number {
    return this.#verdicts.values().reduce((sum, { value }) => sum + value, 0);
  }

  request(verb: string, code: number): void {
    this.#requests.add(verb, `${code}`);
  }

  lesson(label: string, outcome: string): void {
    this.#lessons.add(label, outcome);
  }

  observation(event: string, outcome: string): void {
    this.#observations.add(event, outcome);
  }

  /** @param weight of a user's report in the table of all, 0 … 1. */
  report(weight: number): void {
    this.#reportWeights.add(weight);
  }

  cacheHit(unit: UnitName): void {
    this.#cache.add(unit, 'hit');
  }

  cacheMiss(unit: UnitName): void {
    this.#cache.add(unit, 'miss');
  }

  filterFailed(unit: UnitName): void {
    this.#failures.add(unit);
  }

  handshakeFailed(): void {
    this.#handshakeFailures.add('');
  }

  reload(result: 'applied' | 'refused'): void {
    this.#reloads.add(result);
  }

  /** Name and value of every series but those of the runtime: the body of STATS. */
  async lines(): Promise<string> {
    const text = await this.registry.metrics();
    const own = text
      .split('\n')
      .filter((line) => line.startsWith('providence_') && !line.includes('_bucket{'));
    return own.map((line) => `${line}\r\n`).join('');
  }
}
