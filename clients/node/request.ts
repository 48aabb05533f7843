import { Buffer } from 'node:buffer';
import { PnpError } from './pnp-error.ts';

type HeaderValue = string | number | undefined;

/** Headers of a call, by name or as a list of pairs. One whose value is undefined is left out. */
export type RequestHeaders =
  | Readonly<Record<string, HeaderValue>>
  | readonly (readonly [name: string, value: HeaderValue])[];

/** One request as it goes on the wire. */
export interface WireRequest {
  readonly verb: string;
  readonly headers?: RequestHeaders | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly id?: string | undefined;
  /** Milliseconds that the daemon has from the request's last byte on. */
  readonly deadlineMs?: number | undefined;
}

const VERB = /^[A-Z]{1,32}$/;
const NAME = /^[A-Za-z0-9-]{1,64}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they would forge a header, or cost the connection.
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;
/** Set by this client alone. */
const OWN_HEADERS = new Set(['id', 'content-length']);

/**
 * The part of a head that does not change while a call waits: everything between `Id` and `Deadline`.
 * @throws PnpError `bad-request` where verb, name or value cannot be put on the wire
 */
export function encodeHeaders(verb: string, headers: RequestHeaders = {}): string {
  if (!VERB.test(verb)) throw bad(`'${verb}' is no verb`);
  let lines = '';
  const pairs: readonly (readonly [string, HeaderValue])[] = Array.isArray(headers)
    ? headers
    : Object.entries(headers);
  for (const [name, value] of pairs) {
    if (value === undefined) continue;
    if (!NAME.test(name)) throw bad(`'${name}' is no header name`);
    if (OWN_HEADERS.has(name.toLowerCase())) throw bad(`the client sets '${name}' itself`);
    const text = String(value);
    if (CONTROL.test(text)) throw bad(`the value of '${name}' holds a control character`);
    lines += `${name}: ${text}\r\n`;
  }
  return lines;
}

/** The head of a request: line, `Id`, the given lines, `Deadline`, `Content-Length`, the empty line. */
export function encodeHead(
  request: Omit<WireRequest, 'headers' | 'body'>,
  lines: string,
  length: number,
): string {
  const id = request.id === undefined ? '' : `Id: ${request.id}\r\n`;
  const deadline = request.deadlineMs === undefined ? '' : `Deadline: ${request.deadlineMs}\r\n`;
  return `${request.verb} PNP/1.0\r\n${id}${lines}${deadline}Content-Length: ${length}\r\n\r\n`;
}

/** A whole request as bytes. @throws PnpError `bad-request` */
export function encodeRequest(request: WireRequest): Buffer {
  const lines = encodeHeaders(request.verb, request.headers);
  const body = Buffer.from(request.body ?? '');
  return Buffer.concat([Buffer.from(encodeHead(request, lines, body.length)), body]);
}

function bad(what: string): PnpError {
  return new PnpError('bad-request', `The call was not sent: ${what}.`);
}
