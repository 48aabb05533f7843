import { type Message, type Messages, TRAFFIC } from './generator.ts';

export const TRAFFICS = ['mix', 'fresh', 'repeated'] as const;
export type Traffic = (typeof TRAFFICS)[number];
export type FrameVerb = 'CHECK' | 'TELL';

/** Requests one behind the other, so that any run of them is one write; the `Id` of request i is i. */
export interface Frames {
  readonly bytes: Buffer;
  /** Request i is bytes `offsets[i]` … `offsets[i + 1]`. */
  readonly offsets: Float64Array;
  readonly count: number;
}

export interface FramesOptions {
  readonly verb: FrameVerb;
  readonly traffic: Traffic;
  /** The first ones, of the mix whatever `traffic` says. */
  readonly warmup: number;
  readonly count: number;
}

export function buildFrames(messages: Messages, { verb, traffic, warmup, count }: FramesOptions): Frames {
  const draw = { mix: messages.next, fresh: messages.fresh, repeated: messages.repeated }[traffic];
  const total = warmup + count;
  const offsets = new Float64Array(total + 1);
  const parts: Buffer[] = [];
  for (let i = 0; i < total; i++) {
    const part = Buffer.from(frame(verb, i, i < warmup ? messages.next() : draw()));
    parts.push(part);
    offsets[i + 1] = offsets[i]! + part.length;
  }
  return { bytes: Buffer.concat(parts), offsets, count: total };
}

/** Bare JID of the local user of a rank. */
export function userJID(rank: number): string {
  return `user${rank}@${LOCAL_DOMAIN}`;
}

const LOCAL_DOMAIN = 'capulet.example';
const SENDER_DOMAINS = 3000;
/** Fixed, so that the echo finds the `Id` at no cost. */
const ID_DIGITS = 6;

function frame(verb: FrameVerb, id: number, message: Message): string {
  const to = userJID(message.recipient);
  const from = senderJID(message.sender);
  const body = Buffer.byteLength(message.text);
  const stanza = `<message xmlns='jabber:client' from='${from}/phone' to='${to}' type='chat' id='m${id}'><body>`;
  const rest = `</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>`;
  const head = [
    `${verb} PNP/1.0`,
    `Id: ${String(id).padStart(ID_DIGITS, '0')}`,
    `From: ${from}/phone`,
    `To: ${to}`,
    ...(verb === 'CHECK' ? checkHeaders(message.sender) : tellHeaders(message, to)),
    `Content-Length: ${stanza.length + body + rest.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${stanza}${message.text}${rest}`;
}

/** What a server module knows of the stream at no cost. */
function checkHeaders(sender: number): string[] {
  const network = sender % SENDER_DOMAINS;
  return [
    'Direction: in',
    `Peer-Host: ${senderDomain(sender)}`,
    `Peer-IP: 198.18.${network >> 8}.${network & 255}`,
    'Peer-TLS: TLSv1.3',
    'Peer-Auth: external',
    'Peer-Chain: valid',
    'Deadline: 2000',
  ];
}

function tellHeaders(message: Message, reporter: string): string[] {
  return [`Message-Class: ${message.spam ? 'spam' : 'ham'}`, 'Set: local', `Reporter: ${reporter}`];
}

function senderJID(sender: number): string {
  const name = sender < TRAFFIC.knownSenders ? 'friend' : 'stranger';
  return `${name}${sender}@${senderDomain(sender)}`;
}

function senderDomain(sender: number): string {
  return `host${sender % SENDER_DOMAINS}.example`;
}
