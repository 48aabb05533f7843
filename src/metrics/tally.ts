import type { Registry } from 'prom-client';

/** One counted series: its label values and its count. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

/**
 * A counter with labels, cheap enough for the verdict path: one look-up by a joined key. prom-client reads it at a scrape
 * (its own counters hash their labels at each step). Labels come from closed sets only.
 */
export class Tally {
  readonly #series = new Map<string, Series>();
  readonly #labelNames: readonly string[];

  constructor(labelNames: readonly string[]) {
    this.#labelNames = labelNames;
  }

  add(values: string, amount = 1): void {
    const known = this.#series.get(values);
    if (known !== undefined) known.count += amount;
    else this.#series.set(values, { labels: this.#labelsOf(values), count: amount });
  }

  /** Values with their labels; a series exists from its first count on. */
  values(): readonly { labels: Readonly<Record<string, string>>; value: number }[] {
    return [...this.#series.values()].map((series) => ({ labels: series.labels, value: series.count }));
  }

  #labelsOf(values: string): Record<string, string> {
    const parts = values.split(' ');
    return Object.fromEntries(this.#labelNames.map((name, index) => [name, parts[index] ?? '']));
  }
}

/** A histogram over fixed, ascending upper bounds; the last bucket is open. */
export class Buckets {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  add(value: number): void {
    let index = 0;
    while (index < this.#bounds.length && value > (this.#bounds[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += value;
  }

  /** Lines of the Prometheus text format: cumulative buckets, sum, count. */
  values(name: string, labels: Readonly<Record<string, string>>) {
    let cumulative = 0;
    const values = Array.from(this.#counts, (count, index) => {
      cumulative += count;
      const le = this.#bounds[index] ?? '+Inf';
      return { labels: { le, ...labels }, value: cumulative, metricName: `${name}_bucket` };
    });
    return [
      ...values,
      { labels, value: this.#sum, metricName: `${name}_sum` },
      { labels, value: cumulative, metricName: `${name}_count` },
    ];
  }
}

/** Registers a metric whose values are read at the scrape. */
export function register(
  registry: Registry,
  metric: { name: string; help: string; type: 'counter' | 'histogram' | 'gauge' },
  values: () => readonly object[],
): void {
  registry.registerMetric({
    ...metric,
    get: async () => ({ ...metric, aggregator: 'sum', values: values() }),
  } as never);
}
