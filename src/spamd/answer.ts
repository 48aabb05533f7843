import { STATUS, type StatusName } from '../pnp/grammar.ts';
import { oneLine, type Response } from '../pnp/response.ts';
import { isStanza } from './message.ts';
import type { SpamcRequest } from './request.ts';
import { headersOf, rewrite, type SpamHeaders } from './rewrite.ts';

/** How spamd words the codes that it knows; all others say their name. */
const PHRASES: Partial<Record<StatusName, string>> = {
  EX_PROTOCOL: 'Bad header line',
  EX_TIMEOUT: 'Timeout',
};
const OK = 'SPAMD/1.1 0 EX_OK\r\n';
const SPAM = /^(True|False) ; (\S+) \/ (\S+)$/;

/** One line, and nothing behind it [PNP-10.5]. One character a byte. */
export function encodeFailure({ status, headers }: Response): string {
  const [word, ...sentence] = (headers?.Error ?? '').split(' ; ');
  const phrase = PHRASES[status];
  const words = phrase === undefined ? `${status}: ${word} ; ` : `${phrase}: `;
  return `SPAMD/1.0 ${STATUS[status]} ${binary(oneLine(words + sentence.join(' ; ')))}\r\n`;
}

/** A sound answer, byte by byte as spamd says it to this verb and version. One character a byte. */
export function encodeAnswer(request: SpamcRequest, response: Response): string {
  const { verb } = request.head;
  switch (verb) {
    case 'PING':
      return 'SPAMD/1.5 0 PONG\r\n';
    case 'SKIP':
      return '';
    case 'TELL':
      return `${OK}${lessonLine(response)}\r\n\r\n`;
    case 'CHECK':
      return `${OK}Spam: ${response.headers?.Spam}\r\n\r\n`;
    case 'PROCESS':
    case 'HEADERS':
      return message(request, response);
    case 'SYMBOLS':
    case 'REPORT':
    case 'REPORT_IFSPAM':
      return explanation(request, response);
  }
}

/** A lesson that took another's place is set, and nothing else, as spamd says it. */
function lessonLine({ headers }: Response): string {
  if (headers?.DidSet !== undefined) return `DidSet: ${headers.DidSet}\r\n`;
  return headers?.DidRemove === undefined ? '' : `DidRemove: ${headers.DidRemove}\r\n`;
}

function explanation({ head: { verb, version } }: SpamcRequest, response: Response): string {
  const asked = verdictOf(response);
  const [yes, no] = verb === 'REPORT_IFSPAM' ? ['Yes', 'No'] : ['True', 'False'];
  const spam = `Spam: ${asked.isSpam ? yes : no} ; ${asked.points} / ${asked.threshold}\r\n\r\n`;
  let body = '';
  if (verb === 'SYMBOLS') body = asked.symbols.join(',') + (version < 1.3 ? '\r\n' : '');
  else if (verb === 'REPORT' || asked.isSpam) body = binary(response.body ?? '').replaceAll('\r\n', '\n');
  return version < 1.3 ? `${OK}${spam}${body}` : `${OK}Content-length: ${body.length}\r\n${spam}${body}`;
}

function message({ head: { verb, version }, body }: SpamcRequest, response: Response): string {
  const original = body.toString('latin1');
  const rewritten = isStanza(body) ? original : rewrite(original, verdictOf(response));
  const text = verb === 'HEADERS' ? headersOf(rewritten, original) : rewritten;
  if (version < 1.2) return `SPAMD/1.0 0 EX_OK\r\n${text}`;
  const spam = version < 1.3 ? '' : `Spam: ${response.headers?.Spam}\r\n`;
  return `${OK}Content-length: ${text.length}\r\n${spam}\r\n${text}`;
}

/** What PNP's SYMBOLS says: a symbol that decided alone, and those of the units that had an opinion. */
function verdictOf({ headers, body = '' }: Response): SpamHeaders {
  const [, spam, points = '', threshold = ''] = SPAM.exec(headers?.Spam ?? '') ?? [];
  const lines = body.split('\r\n').filter((line) => line !== '' && !line.startsWith('- '));
  const symbols = lines.map((line) => line.slice(0, line.indexOf(' ')));
  if (headers?.Symbol !== undefined) symbols.unshift(headers.Symbol);
  return { isSpam: spam === 'True', points, threshold, symbols };
}

function binary(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
