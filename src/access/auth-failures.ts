import { isIPv6 } from 'node:net';
import { LRU } from '../lru.ts';

const MINUTE_MS = 60_000;
/** Addresses whose failures are counted; of more the longest unseen is forgotten. */
const ADDRESSES_MAX = 4_096;

/** Counts failed AUTHs by address, so that nobody goes on guessing. */
export class AuthFailures {
  readonly #perMinute: () => number;
  readonly #now: () => number;
  readonly #counts = new LRU<string, { count: number; until: number }>(ADDRESSES_MAX);

  /** @param now milliseconds */
  constructor(perMinute: () => number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Whether the address has failed as often as it may in a minute. */
  isOver(address: string): boolean {
    const failures = this.#counts.get(networkOf(address));
    return failures !== undefined && this.#now() < failures.until && failures.count >= this.#perMinute();
  }

  add(address: string): void {
    const network = networkOf(address);
    const failures = this.#counts.get(network);
    if (failures !== undefined && this.#now() < failures.until) failures.count += 1;
    else this.#counts.set(network, { count: 1, until: this.#now() + MINUTE_MS });
  }
}

/** Of IPv6 the /64, since that is what one customer has. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const gap = address.includes('::')
    ? Array.from({ length: 8 - before.length - after.length }, () => '0')
    : [];
  return [...before, ...gap, ...after].slice(0, 4).join(':');
}
