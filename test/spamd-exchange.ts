import { once } from 'node:events';
import { connect } from 'node:net';

/** The test line of the daemon, alone in a text: always spam. */
export const TEST_LINE = 'PROVIDENCE-TEST-SPAM-7c3f1e9a52d84b06a1e5f0936bd2c847';
export const HAM_TEXT = 'Shall we meet for tea tomorrow at the library?\n';
export const SPAM_STANZA = `<message from='bot@spam.example/x' to='juliet@capulet.example'><body>${TEST_LINE}</body></message>`;

export interface Sending {
  /** Bytes sent at once; default: all. */
  readonly step?: number;
  /** Whether the client closes its half behind them; default: yes. */
  readonly ends?: boolean;
}

/** Sends bytes on a fresh connection. Resolves with all that comes back until the daemon ends, one character a byte. */
export async function exchange(
  place: string | number,
  bytes: string,
  sending: Sending = {},
): Promise<string> {
  const { step = bytes.length || 1, ends = true } = sending;
  const options = typeof place === 'string' ? { path: place } : { host: '127.0.0.1', port: place };
  const socket = connect({ ...options, allowHalfOpen: true });
  let said = '';
  socket.setEncoding('latin1').on('data', (text: string) => {
    said += text;
  });
  const ended = once(socket, 'end');
  await once(socket, 'connect');
  for (let at = 0; at < bytes.length && socket.writable; at += step) {
    socket.write(bytes.slice(at, at + step), 'latin1');
    if (step < bytes.length) await new Promise((resolve) => setImmediate(resolve));
  }
  if (ends) socket.end();
  await ended;
  socket.destroy();
  return said;
}

/** A request of the dialect, of its version 1.5 where no other is named, with Content-length. Text of one character a byte. */
export function spamc(verb: string, body: string, headers = ''): string {
  const line = verb.includes(' ') ? verb : `${verb} SPAMC/1.5`;
  return `${line}\r\n${headers}Content-length: ${body.length}\r\n\r\n${body}`;
}
