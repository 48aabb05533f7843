import type { JID } from './jid.ts';

export type Direction = 'in' | 'out';
export type SampleKind = 'message' | 'subscription' | 'invitation' | 'other';
export type TextSource = 'body' | 'subject' | 'status' | 'nick' | 'reason';
export type Encryption = 'none' | 'omemo' | 'openpgp' | 'otr' | 'legacy-pgp' | 'other';

/** One text of a stanza, judged by itself. `lang` is the `xml:lang` in force, lower-cased, '' if none: never evidence. */
export interface SampleText {
  readonly source: TextSource;
  readonly lang: string;
  readonly text: string;
}

/** What the XMPP server itself saw of the stream that brought the stanza; every field '' or undefined if not told. */
export interface StreamFacts {
  readonly host?: string | undefined;
  readonly ip?: string | undefined;
  /** `TLSv1.3` …, `none` for a stream in clear. */
  readonly tls?: string | undefined;
  /** `external` (SASL EXTERNAL), `dialback`, `c2s`, `component`. */
  readonly auth?: string | undefined;
  /** `valid` or `invalid`, after it the errors as the server words them. */
  readonly chain?: string | undefined;
  readonly identity?: string | undefined;
}

/** A stanza with its stream facts: all that a verdict is drawn from, and plain values only. */
export interface Sample {
  readonly kind: SampleKind;
  readonly direction: Direction;
  /** Who is judged: the sender, or the inviter of an invitation. Full JID, canonical. */
  readonly subject: JID | undefined;
  /** The sender by `From` or the stanza's `from` (the room, for a mediated invitation). */
  readonly sender: JID | undefined;
  readonly recipient: JID | undefined;
  /** Texts to judge; what is a known encryption fallback or blob is not among them. */
  readonly texts: readonly SampleText[];
  readonly encryption: Encryption;
  /** The stanza is marked as encrypted, yet carries a body that is not a known fallback. */
  readonly cloaked: boolean;
  /** A text holds a test line, be it one that is marked as an encryption's fallback: always `spam`, and teaches nothing. */
  readonly isTest: boolean;
  readonly stream: StreamFacts;
  /** Why nothing is to be judged (filters.md §0): e.g. `roster`, `self`, `error-answer`; undefined = judge. */
  readonly bypass: string | undefined;
}
