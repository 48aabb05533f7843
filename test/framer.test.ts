import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RequestError } from '../src/errors.ts';
import { type FrameLimits, Framer } from '../src/pnp/framer.ts';

const LIMITS: FrameLimits = { head_bytes_max: 256, headers_max: 4, body_bytes_max: 64 };

/** What a framer says of a stream of bytes: the frames, then the word of what broke it, or whether more is owed. */
interface Outcome {
  readonly frames: readonly string[];
  readonly end: string;
}

function frame(head: string, body = ''): string {
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function cut(bytes: Buffer, step: number, limits = LIMITS): Outcome {
  const framer = new Framer(limits);
  const frames: string[] = [];
  try {
    for (let at = 0; at < bytes.length; at += step) {
      framer.push(Buffer.from(bytes.subarray(at, at + step)));
      for (let next = framer.next(); next !== undefined; next = framer.next()) {
        frames.push(`${next.head}|${next.body.toString('latin1')}`);
      }
    }
  } catch (error) {
    assert.ok(error instanceof RequestError, String(error));
    assert.ok(error.closes);
    return { frames, end: error.code };
  }
  return { frames, end: framer.partial ? 'partial' : 'whole' };
}

/** Whole, byte by byte and in threes: the same. */
function assertOutcome(input: string | Buffer, expected: Outcome, limits = LIMITS): void {
  const bytes = Buffer.from(input as string);
  for (const step of [Math.max(1, bytes.length), 1, 3]) {
    assert.deepEqual(cut(bytes, step, limits), expected, `in steps of ${step}`);
  }
}

const PING = 'PING PNP/1.0\r\nContent-Length: 0\r\n|';

const SOUND: readonly (readonly [name: string, input: string | Buffer, frames: readonly string[]])[] = [
  ['takes a request without a body', frame('PING PNP/1.0'), [PING]],
  ['takes several requests behind each other', frame('PING PNP/1.0').repeat(3), [PING, PING, PING]],
  [
    'takes a body of exactly its length',
    `${frame('CHECK PNP/1.0', 'a\r\n\r\nb')}${frame('PING PNP/1.0')}`,
    ['CHECK PNP/1.0\r\nContent-Length: 6\r\n|a\r\n\r\nb', PING],
  ],
  [
    'takes a body of any bytes',
    Buffer.concat([Buffer.from('A PNP/1.0\r\nContent-Length: 3\r\n\r\n'), Buffer.from([0, 255, 10])]),
    ['A PNP/1.0\r\nContent-Length: 3\r\n|\0\u00ff\n'],
  ],
  [
    'takes Content-Length in any case and with spaces around',
    'A PNP/1.0\r\ncONTENT-lENGTH:  1  \r\n\r\nx',
    ['A PNP/1.0\r\ncONTENT-lENGTH:  1  \r\n|x'],
  ],
  ['takes another minor version', frame('PING PNP/1.23'), ['PING PNP/1.23\r\nContent-Length: 0\r\n|']],
  [
    'takes an empty value and colons in a value',
    frame('A PNP/1.0\r\nX:\r\nY: a:b'),
    ['A PNP/1.0\r\nX:\r\nY: a:b\r\nContent-Length: 0\r\n|'],
  ],
  [
    'takes values beyond ASCII',
    frame('A PNP/1.0\r\nFrom: jül@exämple'),
    ['A PNP/1.0\r\nFrom: jül@exämple\r\nContent-Length: 0\r\n|'],
  ],
  [
    'takes as many headers as the limit',
    frame('A PNP/1.0\r\nB: 1\r\nC: 2\r\nD: 3'),
    ['A PNP/1.0\r\nB: 1\r\nC: 2\r\nD: 3\r\nContent-Length: 0\r\n|'],
  ],
  ['takes a head as long as the limit', headOfLength(256), [`${headOfLength(256).slice(0, -2)}|`]],
  [
    'takes a body as long as the limit',
    frame('A PNP/1.0', 'x'.repeat(64)),
    [`A PNP/1.0\r\nContent-Length: 64\r\n|${'x'.repeat(64)}`],
  ],
];

function headOfLength(length: number): string {
  const rest = 'A PNP/1.0\r\nX: \r\nContent-Length: 0\r\n\r\n'.length;
  return `A PNP/1.0\r\nX: ${'x'.repeat(length - rest)}\r\nContent-Length: 0\r\n\r\n`;
}

for (const [name, input, frames] of SOUND) {
  test(`the framer ${name} [PNP-3]`, () => assertOutcome(input, { frames, end: 'whole' }));
}

const length = (value: string) => `A PNP/1.0\r\nContent-Length:${value}\r\n\r\n`;
const BROKEN: readonly (readonly [word: string, what: string, input: string | Buffer])[] = [
  ['http', 'a browser', 'POST / HTTP/1.1\r\nHost: localhost:7711\r\nContent-Length: 9\r\n\r\nPING PNP/1'],
  ['http', 'a scraper', 'GET /metrics HTTP/1.0\r\n\r\n'],
  ['bad-version', 'another major version', frame('PING PNP/2.0')],
  ['bad-version', 'the version before the first', frame('PING PNP/0.9')],
  ['bad-request-line', 'a verb in small letters', frame('ping PNP/1.0')],
  ['bad-request-line', 'no verb', frame(' PNP/1.0')],
  ['bad-request-line', 'no protocol', frame('PING')],
  ['bad-request-line', 'two spaces', frame('PING  PNP/1.0')],
  ['bad-request-line', 'an empty line in front', `\r\n${frame('PING PNP/1.0')}`],
  ['bad-request-line', 'something behind the version', frame('PING PNP/1.0 ')],
  ['bad-head', 'a line that ends with LF', 'PING PNP/1.0\nContent-Length: 0\n\n'],
  ['bad-head', 'a CR alone', frame('A PNP/1.0\r\nX: a\rb')],
  ['bad-head', 'a tab', frame('A PNP/1.0\r\nX:\ta')],
  ['bad-head', 'a NUL', frame('A PNP/1.0\r\nX: \0')],
  ['bad-head', 'DEL', frame('A PNP/1.0\r\nX: \x7f')],
  ['bad-head', 'a control character beyond ASCII', frame('A PNP/1.0\r\nX: \u0085')],
  ['bad-head', 'a header without a colon', frame('A PNP/1.0\r\nX')],
  ['bad-head', 'a header without a name', frame('A PNP/1.0\r\n: x')],
  ['bad-head', 'a space before the colon', 'A PNP/1.0\r\nContent-Length : 0\r\n\r\n'],
  ['bad-head', 'a folded line', frame('A PNP/1.0\r\nX: a\r\n b')],
  ['bad-head', 'a name beyond ASCII', frame('A PNP/1.0\r\nÄ: a')],
  ['bad-head', 'a head that is not UTF-8', Buffer.from(frame('A PNP/1.0\r\nX: \xff'), 'latin1')],
  ['bad-head', 'a TLS client', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc])],
  ['no-length', 'no Content-Length', 'PING PNP/1.0\r\n\r\n'],
  ['bad-length', 'two of them', 'A PNP/1.0\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n'],
  ...['', ' ', ' +1', ' -1', ' 1.0', ' 1e1', ' 0x1', ' 01', ' 1 1', ' 1,1', ' 12345678901'].map(
    (value) => ['bad-length', `the length "${value}"`, length(value)] as const,
  ),
  ['body-too-long', 'a body over the limit', length(' 65')],
  ['body-too-long', 'the largest length', length(' 9999999999')],
  ['too-many-headers', 'one header too many', frame('A PNP/1.0\r\nB: 1\r\nC: 2\r\nD: 3\r\nE: 4')],
  ['head-too-long', 'a head over the limit', headOfLength(257)],
  ['head-too-long', 'a request line without end', 'A'.repeat(300)],
];
for (const [word, what, input] of BROKEN) {
  test(`the framer refuses ${what} as ${word} [PNP-6.2]`, () =>
    assertOutcome(input, { frames: [], end: word }));
}

test('the framer gives out what is whole before it refuses what is broken', () => {
  assertOutcome(`${frame('PING PNP/1.0')}oops\r\n`, { frames: [PING], end: 'bad-request-line' });
});

test('the framer waits for the rest at every byte of a request', () => {
  const bytes = Buffer.from(`${frame('PING PNP/1.0')}${frame('CHECK PNP/1.0\r\nFrom: ä', 'body')}`);
  const first = frame('PING PNP/1.0').length;
  for (let end = 0; end < bytes.length; end += 1) {
    const framer = new Framer(LIMITS);
    framer.push(Buffer.from(bytes.subarray(0, end)));
    const frames = [framer.next()];
    if (frames[0] !== undefined) frames.push(framer.next());
    assert.equal(frames.filter((next) => next !== undefined).length, end < first ? 0 : 1);
    assert.equal(framer.partial, end !== 0 && end !== first);
    framer.push(Buffer.from(bytes.subarray(end)));
    while (framer.next() !== undefined) frames.push(undefined);
    assert.equal(framer.partial, false);
  }
});

test('a body stays as it came while later bytes come in', () => {
  const framer = new Framer(LIMITS);
  const bytes = Buffer.from(`${frame('A PNP/1.0', 'first')}${frame('A PNP/1.0', 'second')}`.repeat(20));
  const bodies: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 7) {
    framer.push(Buffer.from(bytes.subarray(at, at + 7)));
    for (let next = framer.next(); next !== undefined; next = framer.next()) bodies.push(next.body);
  }
  assert.deepEqual(
    bodies.map(String),
    Array.from({ length: 40 }, (_, index) => (index % 2 ? 'second' : 'first')),
  );
});

test('a large request that comes byte by byte is read in linear time', () => {
  const limits = { head_bytes_max: 65_536, headers_max: 64, body_bytes_max: 1_048_576 };
  const seconds = (size: number) => {
    const bytes = Buffer.from(frame(`A PNP/1.0\r\nX: ${'x'.repeat(size / 32)}`, 'y'.repeat(size)));
    const began = performance.now();
    assert.equal(cut(bytes, 1, limits).frames.length, 1);
    return performance.now() - began;
  };
  seconds(65_536);
  // Sixteen times the bytes: quadratic time would be 256 times as long.
  assert.ok(seconds(1_048_576) < 100 * Math.max(1, seconds(65_536)));
});

test('noise is refused or waited for, alike however it is cut', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'PING PNP/1.0',
      '\r\n',
      '\n',
      ': ',
      'Content-Length: ',
      '0',
      '\r\n\r\n',
      'X',
      frame('PING PNP/1.0'),
    ),
    fc.string({ maxLength: 6, unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 9 }), (pieces, step) => {
      const bytes = Buffer.from(pieces.join(''));
      assert.deepEqual(cut(bytes, step), cut(bytes, Math.max(1, bytes.length)));
    }),
    { seed: 20, numRuns: 3_000 },
  );
});

test('any sequence of sound requests comes out as it went in', () => {
  const request = fc.record({
    verb: fc.constantFrom('CHECK', 'TELL', 'X'),
    value: fc.string({ maxLength: 20 }).filter((value) => !/\p{Cc}/u.test(value)),
    body: fc.string({ maxLength: 20, unit: 'binary' }).filter((body) => Buffer.byteLength(body) <= 64),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 6 }), fc.integer({ min: 1, max: 30 }), (requests, step) => {
      const bytes = Buffer.from(
        requests.map((r) => frame(`${r.verb} PNP/1.0\r\nX: ${r.value}`, r.body)).join(''),
      );
      const outcome = cut(bytes, step);
      assert.equal(outcome.end, 'whole');
      assert.deepEqual(
        outcome.frames.map((text) => text.slice(text.indexOf('|', text.indexOf('Content-Length')) + 1)),
        requests.map((r) => Buffer.from(r.body).toString('latin1')),
      );
    }),
    { seed: 21, numRuns: 1_000 },
  );
});
