import type { Registry } from 'prom-client';

/** One counted series: its label values and its count. */
interface Series {
  readonly labels: Readonly<Record<string, string>>;
  count: number;
}

/**
 * A counter with one or two labels, cheap enough for the verdict path: a look-up for each label, no string is built.
 * prom-client reads it at a scrape (its own counters hash their labels at each step). Labels come from closed sets only.
 */
export class Tally {
  /** By the first label's value, then by the second's. */
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #labelNames: readonly string[];

  constructor(labelNames: readonly string[]) {
    this.#labelNames = labelNames;
  }

  add(first: string, second = ''): void {
    const known = this.#series.get(first)?.get(second);
    if (known !== undefined) known.count += 1;
    else this.#begin(first, second);
  }

  /** Values with their labels; a series exists from its first count on. */
  values(): readonly { labels: Readonly<Record<string, string>>; value: number }[] {
    const all = [...this.#series.values()].flatMap((series) => [...series.values()]);
    return all.map((series) => ({ labels: series.labels, value: series.count }));
  }

  #begin(first: string, second: string): void {
    const values = [first, second];
    const labels = Object.fromEntries(this.#labelNames.map((name, index) => [name, values[index] ?? '']));
    const others = this.#series.get(first) ?? new Map<string, Series>();
    others.set(second, { labels, count: 1 });
    this.#series.set(first, others);
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
