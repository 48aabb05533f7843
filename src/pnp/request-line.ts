import { PROTOCOL, PROTOCOL_MAJOR } from './grammar.ts';
import { brokenFrame } from './refusal.ts';

const SUFFIX = Buffer.from(` ${PROTOCOL}`);

/**
 * Checks a request line, `VERB PNP/1.x` without its CRLF, at `start` to `end` [PNP-3]. Which verbs there are is not known here.
 * @throws RequestError that closes: no such line, another major version, HTTP.
 */
export function checkRequestLine(bytes: Buffer, start: number, end: number): void {
  const verbEnd = end - SUFFIX.length;
  let at = start;
  while (at < verbEnd && isUpperLetter(bytes[at] as number)) at += 1;
  if (at === verbEnd && at > start && endsInProtocol(bytes, verbEnd)) return;
  checkOtherVersion(bytes.toString('latin1', start, Math.min(end, start + 200)));
}

function isUpperLetter(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function endsInProtocol(bytes: Buffer, at: number): boolean {
  for (let index = 0; index < SUFFIX.length; index += 1) {
    if (bytes[at + index] !== SUFFIX[index]) return false;
  }
  return true;
}

function checkOtherVersion(line: string): void {
  const version = /^[A-Z]+ PNP\/([0-9]{1,3})\.[0-9]{1,3}$/.exec(line);
  if (version !== null) {
    if (Number(version[1]) === PROTOCOL_MAJOR) return;
    throw brokenFrame('bad-version', `This daemon speaks ${PROTOCOL}`);
  }
  if (/ HTTP\/[0-9]/.test(line)) {
    throw brokenFrame(
      'http',
      `This port speaks ${PROTOCOL}, not HTTP; metrics and health have a port of their own`,
    );
  }
  throw brokenFrame('bad-request-line', `A request begins with a verb in capitals, a space and ${PROTOCOL}`);
}
