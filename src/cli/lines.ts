import { CliError, EXIT } from './exit.ts';

/** Longest line of a corpus in characters. */
export const LINE_CHARS_MAX = 1_048_576;

/**
 * The lines of a stream of bytes, one array a chunk, without their line ends (LF or CRLF).
 * @throws CliError 65 for a line longer than `LINE_CHARS_MAX`
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  encoding: 'utf-8' | 'latin1',
): AsyncGenerator<string[]> {
  const decode = decoder(encoding);
  let rest = '';
  let count = 0;
  for await (const chunk of source) {
    const lines = (rest + decode(chunk)).split('\n');
    rest = lines.pop()!;
    const longest = rest.length > LINE_CHARS_MAX || lines.some((line) => line.length > LINE_CHARS_MAX);
    if (longest) {
      throw new CliError(
        EXIT.badInput,
        `A line behind line ${count} is longer than ${LINE_CHARS_MAX} characters; is this a text file?`,
      );
    }
    count += lines.length;
    yield lines.map(withoutReturn);
  }
  rest += decode(undefined);
  if (rest !== '') yield [withoutReturn(rest)];
}

/** `latin1` keeps every byte as one character, for text whose charset is told later. */
function decoder(encoding: 'utf-8' | 'latin1'): (chunk: Uint8Array | undefined) => string {
  if (encoding === 'latin1') {
    return (chunk) =>
      chunk === undefined ? '' : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
  }
  const utf8 = new TextDecoder('utf-8');
  return (chunk) => (chunk === undefined ? utf8.decode() : utf8.decode(chunk, { stream: true }));
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
