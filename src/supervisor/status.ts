/** What the status sentence is made of. */
export interface Readings {
  readonly lessons: number;
  /** Verdicts since the start. */
  readonly verdicts: number;
  readonly degraded: boolean;
}

/**
 * The line that `systemctl status` shows. The rate of verdicts is that since the call before, in two digits, so that a
 * steady daemon says the same twice.
 * @param places Where it listens, e.g. `2 Unix sockets and 1 port`. @param now Monotonic milliseconds.
 */
export function statusSource(places: string, read: () => Readings, now: () => number): () => string {
  let before = { verdicts: read().verdicts, at: now() };
  return () => {
    const { lessons, verdicts, degraded } = read();
    const at = now();
    const seconds = (at - before.at) / 1_000;
    const perSecond = seconds > 0 ? (verdicts - before.verdicts) / seconds : 0;
    before = { verdicts, at };
    const trouble = degraded ? 'The store cannot write, nothing is learnt. ' : '';
    return `${trouble}Serving on ${places}; ${counted(lessons, 'lesson')}; ${number(perSecond)} verdicts/s`;
  };
}

/** How many of what, e.g. `1 port`. */
export function counted(count: number, noun: string): string {
  return `${number(count, 21)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number, digits = 2): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: digits });
}
