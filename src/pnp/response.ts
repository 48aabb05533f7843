import type { RequestError } from '../errors.ts';
import { type AnswerHeader, PROTOCOL, STATUS, type StatusName } from './grammar.ts';

/** Headers of an answer but those that the encoder writes itself. Order on the wire: the order of the object. */
export type AnswerHeaders = {
  readonly [Name in Exclude<AnswerHeader, 'Id' | 'Content-Length'>]?: string | undefined;
};

/** What a verb answers. */
export interface Response {
  readonly status: StatusName;
  readonly headers?: AnswerHeaders;
  /** Lines of a text body end with CRLF. */
  readonly body?: string;
  /** Behind it the connection reads no more, answers what it has read, and closes. */
  readonly closes?: boolean;
}

const STATUS_LINES = Object.fromEntries(
  Object.entries(STATUS).map(([name, code]) => [name, `${PROTOCOL} ${code} ${name}\r\n`]),
) as Readonly<Record<StatusName, string>>;

/** Control characters (Cc), and what Unicode takes for an end of line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const LINE_BREAKERS = /[\0-\x1f\x7f-\x9f\u2028\u2029]/;

/** One grammar for every answer, errors included [PNP-3]: status line, `Id`, headers, `Content-Length`, body. Sent as UTF-8. */
export function encodeResponse(response: Response, id: string | undefined): string {
  let text = STATUS_LINES[response.status];
  if (id !== undefined) text += `Id: ${id}\r\n`;
  const { headers, body } = response;
  for (const name in headers) {
    const value = headers[name as keyof AnswerHeaders];
    if (value !== undefined) text += `${name}: ${oneLine(value)}\r\n`;
  }
  if (body === undefined || body === '') return `${text}Content-Length: 0\r\n\r\n`;
  return `${text}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The answer to a request that cannot be served: a stable word for programs, a sentence for people [PNP-6.2]. */
export function errorResponse(error: RequestError): Response {
  return {
    status: error.status,
    headers: { Error: `${error.code} ; ${error.message}` },
    closes: error.closes,
  };
}

/** A value that came from outside must not end its line, nor steer a terminal. */
export function oneLine(value: string): string {
  return LINE_BREAKERS.test(value) ? value.replace(new RegExp(LINE_BREAKERS, 'g'), ' ') : value;
}
