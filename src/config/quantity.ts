/** What a word in a key's name says of its number. */
const UNITS: Readonly<Record<string, string>> = {
  bytes: 'bytes',
  cap: 'points',
  connections: 'connections',
  days: 'days',
  failures: 'failures',
  flight: 'requests',
  headers: 'headers',
  hours: 'hours',
  lessons: 'lessons',
  midpoint: 'points',
  ms: 'milliseconds',
  recipients: 'recipients',
  records: 'records',
  requests: 'requests',
  seconds: 'seconds',
  senders: 'senders',
  stanzas: 'stanzas',
  thresholds: 'points',
  tokens: 'tokens',
  weight: 'points',
};
const RATE = /_per_(minute|hour|day)$/;

const BYTES = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const;
const SECONDS = [
  [86_400, 'days'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

/** What the number under a key counts, by the last word of its name that says so; undefined where none does. */
export function unitOf(key: string): string | undefined {
  const word = key.split(/[._]/).findLast((part) => UNITS[part] !== undefined);
  if (word === undefined) return undefined;
  const per = RATE.exec(key)?.[1];
  return per === undefined ? UNITS[word] : `${UNITS[word]} ${per === 'hour' ? 'an' : 'a'} ${per}`;
}

/** A number as people say it, where that is exact and shorter: 16 MiB for 16777216 bytes. */
export function spoken(value: number, unit: string | undefined): string | undefined {
  const scale = unit === 'bytes' ? BYTES : unit === 'seconds' ? SECONDS : [];
  const step = scale.find(([size]) => value >= size && value % size === 0);
  return step === undefined ? undefined : `${value / step[0]} ${step[1]}`;
}
