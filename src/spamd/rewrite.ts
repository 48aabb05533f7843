import { version } from '../version.ts';
import { linesOf, mailHeadEnd } from './mail-head.ts';

/** Longest line of a header, as spamd folds it. */
const LINE_CHARS_MAX = 78;
const STARS_MAX = 50;
/** What nobody but us may say of a message. */
const FORGED = /^X-Spam-/i;
const FOLDED = /^[ \t]/;
const SEPARATOR = /^From /;

/** What is written into a message. */
export interface SpamHeaders {
  readonly isSpam: boolean;
  /** Points and threshold as in the answer, with one decimal. */
  readonly points: string;
  readonly threshold: string;
  readonly symbols: readonly string[];
}

/**
 * A mail message with `X-Spam-` headers above its own, and none that it came with; all below its head is left as it is. What is
 * no mail comes back unchanged [PNP-10.3].
 * @param text one character a byte
 */
export function rewrite(text: string, headers: SpamHeaders): string {
  const headEnd = mailHeadEnd(text);
  if (headEnd === 0) return text;
  let separator = '';
  let head = '';
  let isForged = false;
  for (const line of linesOf(text.slice(0, headEnd))) {
    if (!FOLDED.test(line)) isForged = FORGED.test(line);
    if (head === '' && separator === '' && SEPARATOR.test(line)) separator = line;
    else if (!isForged) head += line;
  }
  const newline = text.slice(0, headEnd).endsWith('\r\n') ? '\r\n' : '\n';
  const ours = spamHeaders(headers).join(newline) + newline;
  return separator + ours + head + text.slice(headEnd);
}

/**
 * What HEADERS answers of a rewritten message: all but what the client has itself. spamc puts behind it what stands behind the
 * first empty line of the original, or nothing; one byte more or less, and the message would come out torn.
 */
export function headersOf(rewritten: string, original: string): string {
  const empty = /\r\n\r\n|\n\n/.exec(original);
  const kept = empty === null ? 0 : original.length - empty.index - empty[0].length;
  return rewritten.slice(0, rewritten.length - kept);
}

function spamHeaders({ isSpam, points, threshold, symbols }: SpamHeaders): string[] {
  const stars = Math.min(STARS_MAX, Math.max(0, Math.floor(Number(points))));
  const tests = symbols.length === 0 ? ['none'] : symbols;
  const words = `${isSpam ? 'Yes' : 'No'}, score=${points} required=${threshold} tests=`;
  const end = ` autolearn=no version=${version()}`;
  return [
    `X-Spam-Checker-Version: Providence ${version()}`,
    ...(isSpam ? ['X-Spam-Flag: YES'] : []),
    `X-Spam-Level: ${'*'.repeat(stars)}`,
    ...folded(`X-Spam-Status: ${words}`, tests, end),
  ];
}

/** A list that is folded behind its commas. */
function folded(start: string, tests: readonly string[], end: string): string[] {
  const lines: string[] = [];
  let line = start;
  for (const [index, test] of tests.entries()) {
    const word = index === tests.length - 1 ? test : `${test},`;
    if (line.length + word.length > LINE_CHARS_MAX) {
      lines.push(line);
      line = '\t';
    }
    line += word;
  }
  return line.length + end.length > LINE_CHARS_MAX
    ? [...lines, line, `\t${end.trim()}`]
    : [...lines, line + end];
}
