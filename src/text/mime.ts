/** Deepest multipart inside a multipart that is read, most parts of a message, most header lines of a part. */
const DEPTH_MAX = 4;
const PARTS_MAX = 64;
const HEADERS_MAX = 256;

const CHARSET = /;\s{0,8}charset\s{0,8}=\s{0,8}"?([A-Za-z0-9._:-]{1,40})/i;
const BOUNDARY = /;\s{0,8}boundary\s{0,8}=\s{0,8}(?:"([^"\n]{1,70})"|([^\s;"]{1,70}))/i;
/** Charset, perhaps a language behind it, encoding, bytes. */
const ENCODED_WORD = /=\?([A-Za-z0-9._:-]{1,40})(?:\*[A-Za-z0-9-]{1,35})?\?([BbQq])\?([^?\s]{0,998})\?=/g;
const HEADER = /^([A-Za-z0-9-]{1,64}):\s{0,8}(.*)$/;

/**
 * The plain text of a mail message: its `text/plain` parts, decoded (RFC 2045, 2046). Simple on purpose: no HTML. '' where there is no plain text.
 * @param lines of the message, one character a byte
 */
export function plainText(lines: readonly string[]): string {
  const texts: string[] = [];
  collect(lines, texts, 0);
  return texts.join('\n');
}

/**
 * The text of a header in which words may be encoded (RFC 2047).
 * @param value one character a byte
 */
export function decodeWords(value: string): string {
  return Buffer.from(value, 'latin1')
    .toString('utf8')
    .replace(/(\?=)\s{1,80}(?==\?)/g, '$1')
    .replace(ENCODED_WORD, (_, charset: string, encoding: string, word: string) => {
      const bytes =
        encoding.toLowerCase() === 'b'
          ? Buffer.from(word, 'base64')
          : Buffer.from(decodeQuotedPrintable([word.replaceAll('_', ' ')]), 'latin1');
      return decodeCharset(bytes, charset);
    });
}

function collect(lines: readonly string[], texts: string[], depth: number): void {
  const { headers, bodyAt } = readHeaders(lines);
  const type = headers.get('content-type') ?? 'text/plain';
  const body = lines.slice(bodyAt);
  if (/^multipart\//i.test(type)) {
    const [, quoted, bare] = BOUNDARY.exec(type) ?? [];
    const boundary = quoted ?? bare;
    if (boundary === undefined || depth >= DEPTH_MAX) return;
    for (const part of splitParts(body, boundary))
      if (texts.length < PARTS_MAX) collect(part, texts, depth + 1);
  } else if (/^text\/plain\b/i.test(type)) {
    const bytes = decodeTransfer(body, headers.get('content-transfer-encoding') ?? '');
    texts.push(decodeCharset(bytes, CHARSET.exec(type)?.[1] ?? 'utf-8').trim());
  }
}

function readHeaders(lines: readonly string[]): { headers: Map<string, string>; bodyAt: number } {
  const headers = new Map<string, string>();
  let name = '';
  let index = 0;
  for (; index < lines.length; index += 1) {
    const line = lines[index]!;
    if (line === '' || index >= HEADERS_MAX) break;
    if (/^[ \t]/.test(line)) {
      // A folded line goes on with the header above it (RFC 5322 §2.2.3).
      if (name !== '') headers.set(name, `${headers.get(name)}${line}`);
      continue;
    }
    const [, key, value] = HEADER.exec(line) ?? [];
    name = key?.toLowerCase() ?? '';
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
    else name = '';
  }
  while (index < lines.length && lines[index] !== '') index += 1;
  return { headers, bodyAt: index + 1 };
}

function splitParts(body: readonly string[], boundary: string): string[][] {
  const parts: string[][] = [];
  let open: string[] | undefined;
  for (const line of body) {
    const mark = line.trimEnd();
    if (mark === `--${boundary}--` || parts.length > PARTS_MAX) break;
    if (mark === `--${boundary}`) {
      open = [];
      parts.push(open);
    } else open?.push(line);
  }
  return parts;
}

function decodeTransfer(body: readonly string[], encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(body.join(''), 'base64');
    case 'quoted-printable':
      return Buffer.from(decodeQuotedPrintable(body), 'latin1');
    default:
      return Buffer.from(body.join('\n'), 'latin1');
  }
}

function decodeQuotedPrintable(body: readonly string[]): string {
  return body
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/=\n/g, '')
    .replace(/(?:=[0-9A-Fa-f]{2}){1,4096}/g, (run) =>
      Buffer.from(run.replaceAll('=', ''), 'hex').toString('latin1'),
    );
}

/** A charset that Node does not know is read as latin1: each byte means something there. */
function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return bytes.toString('latin1');
  }
}
