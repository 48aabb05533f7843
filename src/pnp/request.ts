import type { XMLElement } from '../model/xml.ts';
import { type RequestHeader, VERBS, type Verb } from './grammar.ts';
import type { Head } from './head.ts';
import { refusal } from './refusal.ts';

/** One request, as the verbs see it. */
export interface Request {
  readonly verb: Verb;
  /** What the answer is matched by; undefined: answered in order among the requests without one. */
  readonly id: string | undefined;
  /** Milliseconds from the request's last byte, after which nobody waits for the answer. */
  readonly deadlineMs: number | undefined;
  /** Exactly the bytes of the body; not checked to be UTF-8. */
  readonly body: Buffer;
  /** What is judged, where it is no stanza that stands in the body: a mail, a bare text. */
  readonly stanza?: XMLElement | undefined;
  /** When the last byte came, by the server's monotonic clock in milliseconds. */
  readonly receivedAt: number;
  /** True where the queue is so old that filters which read text abstain with `overload`. */
  readonly overload: boolean;
  /** The value without spaces around it; undefined where the header is not there. UTF-8 without control characters. */
  header(name: RequestHeader): string | undefined;
}

const VERB_OF_NAME: ReadonlyMap<string, Verb> = new Map(VERBS.map((verb) => [verb, verb]));

/**
 * Reads a request out of its head.
 * @throws RequestError that leaves the connection open: unknown verb, a header given twice, a bad `Deadline`.
 */
export function parseRequest(head: Head, receivedAt: number): WireRequest {
  const verb = VERB_OF_NAME.get(head.verbName);
  if (verb === undefined) throw refusal('unknown-verb', 'HELLO lists the verbs that this daemon serves');
  if (head.repeated !== undefined) throw refusal('repeated-header', `${head.repeated} is given once`);
  return new WireRequest(verb, head, receivedAt);
}

/** A request from the wire; the server marks it `overload` when its turn comes. */
export class WireRequest implements Request {
  readonly verb: Verb;
  readonly id: string | undefined;
  readonly deadlineMs: number | undefined;
  readonly body: Buffer;
  readonly receivedAt: number;
  overload = false;
  readonly #head: Head;

  constructor(verb: Verb, head: Head, receivedAt: number) {
    this.verb = verb;
    this.id = head.id;
    this.deadlineMs = readDeadline(head.value('Deadline'));
    this.body = head.body;
    this.receivedAt = receivedAt;
    this.#head = head;
  }

  header(name: RequestHeader): string | undefined {
    return this.#head.value(name);
  }
}

function readDeadline(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[0-9]{1,9}$/.test(value))
    throw refusal('bad-deadline', 'Deadline is a whole number of milliseconds');
  return Number(value);
}
