/** One answer on the wire: what the load generator must know of it and no more. */
export type OnAnswer = (id: number, status: number, bytes: number) => void;

/**
 * Cuts PNP answers out of a byte stream at the least cost: latin1, so that a character is a byte, and native string searches.
 * `Id` is the number that `frames.ts` wrote. @throws Error on an answer without `Id` or `Content-Length`.
 */
export function createAnswerScanner(onAnswer: OnAnswer): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const text = rest === '' ? chunk.toString('latin1') : rest + chunk.toString('latin1');
    let position = 0;
    for (;;) {
      const headEnd = text.indexOf('\r\n\r\n', position);
      if (headEnd < 0) break;
      const end = headEnd + 4 + numberAfter(text, CONTENT_LENGTH, position);
      if (end > text.length) break;
      onAnswer(numberAfter(text, ID, position), digits(text, position + STATUS_OFFSET), end - position);
      position = end;
    }
    rest = text.slice(position);
  };
}

const CONTENT_LENGTH = '\r\nContent-Length: ';
const ID = '\r\nId: ';
const STATUS_OFFSET = 'PNP/1.0 '.length;

function numberAfter(text: string, header: string, from: number): number {
  const at = text.indexOf(header, from);
  if (at < 0) throw new Error(`an answer has no${header.slice(1, -2)}: ${text.slice(from, from + 200)}`);
  return digits(text, at + header.length);
}

function digits(text: string, from: number): number {
  let value = 0;
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}
