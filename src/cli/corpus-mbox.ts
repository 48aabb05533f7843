import { plainText } from '../text/mime.ts';

/** Lines and characters of one message that are read; the rest of it is skipped. */
const MESSAGE_LINES_MAX = 20_000;
const MESSAGE_CHARS_MAX = 1_048_576;

/**
 * The plain texts of an mbox (RFC 4155): a message begins with a `From ` line at the start or after an empty line;
 * `>From ` in a message is taken back. Messages without plain text are left out.
 * @param chunks of lines, one character a byte
 */
export async function* readMbox(chunks: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  let message: string[] | undefined;
  let chars = 0;
  let afterEmpty = true;
  for await (const lines of chunks) {
    for (const line of lines) {
      if (afterEmpty && line.startsWith('From ')) {
        yield* textOf(message);
        message = [];
        chars = 0;
      } else if (message !== undefined && message.length < MESSAGE_LINES_MAX && chars < MESSAGE_CHARS_MAX) {
        chars += line.length;
        message.push(/^>{1,8}From /.test(line) ? line.slice(1) : line);
      }
      afterEmpty = line === '';
    }
  }
  yield* textOf(message);
}

function* textOf(message: readonly string[] | undefined): Generator<string> {
  const text = message === undefined ? '' : plainText(message);
  if (text !== '') yield text;
}
