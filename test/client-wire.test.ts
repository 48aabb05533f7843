import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Backoff } from '../clients/node/backoff.ts';
import {
  type Answer,
  type AnswerLimits,
  AnswerParser,
  encodeRequest,
  PnpError,
  readSymbols,
  readVerdict,
  type WireRequest,
} from '../clients/node/pnp-client.ts';

const LIMITS: AnswerLimits = { headBytesMax: 200, headersMax: 4, bodyBytesMax: 20 };

/** All answers in the bytes, pushed in pieces of a size. */
function parse(text: string, pieceBytes: number): Answer[] {
  const parser = new AnswerParser(LIMITS);
  const bytes = Buffer.from(text);
  const answers: Answer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    answers.push(...parser.push(bytes.subarray(at, at + pieceBytes)));
  }
  return answers;
}

const PIECES = [
  ['whole', Number.MAX_SAFE_INTEGER],
  ['byte by byte', 1],
  ['in threes', 3],
] as const;

const GOOD = [
  ['an answer without a body', 'PNP/1.0 0 EX_OK\r\nContent-Length: 0\r\n\r\n', [[0, 'EX_OK', '']]],
  [
    'two answers, the first with a body that looks like an answer',
    'PNP/1.0 0 EX_OK\r\nId: a\r\nContent-Length: 6\r\n\r\n\r\n\r\nPNPNP/1.0 75 EX_TEMPFAIL\r\ncontent-length:0\r\n\r\n',
    [
      [0, 'EX_OK', '\r\n\r\nPN'],
      [75, 'EX_TEMPFAIL', ''],
    ],
  ],
  ['a later minor version', 'PNP/1.7 0 EX_OK\r\nContent-Length: 0\r\n\r\n', [[0, 'EX_OK', '']]],
  [
    'text beyond ASCII in header and body',
    'PNP/1.0 65 EX_DATAERR\r\nError: naïve ; €\r\nContent-Length: 3\r\n\r\n€',
    [[65, 'EX_DATAERR', '€']],
  ],
  [
    'a body of the greatest length',
    `PNP/1.0 0 EX_OK\r\nContent-Length: 20\r\n\r\n${'x'.repeat(20)}`,
    [[0, 'EX_OK', 'x'.repeat(20)]],
  ],
] as const;

const OK = 'PNP/1.0 0 EX_OK\r\n';
const BAD = [
  ['another protocol', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['another major version', 'PNP/2.0 0 EX_OK\r\nContent-Length: 0\r\n\r\n'],
  ['a status that is no number', 'PNP/1.0 ok EX_OK\r\nContent-Length: 0\r\n\r\n'],
  ['no length', `${OK}Id: 1\r\n\r\n`],
  ['two lengths', `${OK}Content-Length: 0\r\ncontent-length: 0\r\n\r\n`],
  ['a negative length', `${OK}Content-Length: -1\r\n\r\n`],
  ['a hexadecimal length', `${OK}Content-Length: 0x10\r\n\r\n`],
  ['a body above the limit', `${OK}Content-Length: 21\r\n\r\n`],
  ['a length beyond any number', `${OK}Content-Length: 99999999999\r\n\r\n`],
  ['a head above the limit', `${OK}A: ${'x'.repeat(300)}\r\nContent-Length: 0\r\n\r\n`],
  ['a head that never ends', 'x'.repeat(300)],
  ['too many headers', `${OK}A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nContent-Length: 0\r\n\r\n`],
  ['a folded header', `${OK}A: 1\r\n b\r\nContent-Length: 0\r\n\r\n`],
  ['a line without a colon', `${OK}A\r\nContent-Length: 0\r\n\r\n`],
  ['a lone LF in a head', `${OK}A: 1\nB: 2\r\nContent-Length: 0\r\n\r\n`],
  ['an escape sequence in a value', `${OK}A: \x1b[2J\r\nContent-Length: 0\r\n\r\n`],
] as const;

describe('AnswerParser', () => {
  for (const [way, pieceBytes] of PIECES) {
    for (const [name, text, expected] of GOOD) {
      it(`reads ${name}, ${way}`, () => {
        const answers = parse(text, pieceBytes).map(({ status, name, body }) => [status, name, `${body}`]);
        assert.deepEqual(answers, expected);
      });
    }
    for (const [name, text] of BAD) {
      it(`refuses ${name}, ${way}`, () => {
        assert.throws(
          () => parse(text, pieceBytes),
          (error) => error instanceof PnpError && error.code === 'protocol',
        );
      });
    }
  }

  it('says whether it is amid an answer', () => {
    const parser = new AnswerParser();
    parser.push(Buffer.from(`${OK}Content-Length: 2\r\n\r\nx`));
    assert.equal(parser.partial, true);
    parser.push(Buffer.from('y'));
    assert.equal(parser.partial, false);
  });

  it('finds headers in any case, and all of one name in their order', () => {
    const [answer] = parse(`${OK}a: 1\r\nA:2 \r\nContent-Length: 0\r\n\r\n`, 7);
    assert.equal(answer?.headers.get('A'), '1');
    assert.deepEqual(answer?.headers.all('a'), ['1', '2']);
    assert.equal(answer?.headers.get('B'), undefined);
  });
});

const ENCODED: readonly (readonly [name: string, request: WireRequest, text: string])[] = [
  ['no more than a verb', { verb: 'PING' }, 'PING PNP/1.0\r\nContent-Length: 0\r\n\r\n'],
  [
    'id, headers in their order, deadline and a length in bytes',
    {
      verb: 'CHECK',
      id: '17',
      headers: { From: 'é@a.example', To: undefined, N: 3 },
      deadlineMs: 50,
      body: '€',
    },
    'CHECK PNP/1.0\r\nId: 17\r\nFrom: é@a.example\r\nN: 3\r\nDeadline: 50\r\nContent-Length: 3\r\n\r\n€',
  ],
];

const REFUSED: readonly (readonly [name: string, request: WireRequest])[] = [
  ['a line end in a value', { verb: 'CHECK', headers: { From: 'a\r\nTo: b' } }],
  ['a lone LF in a value', { verb: 'CHECK', headers: { From: 'a\nb' } }],
  ['a tab in a value', { verb: 'CHECK', headers: { From: 'a\tb' } }],
  ['a control character beyond ASCII', { verb: 'CHECK', headers: { From: 'a\u0085b' } }],
  ['a colon in a name', { verb: 'CHECK', headers: { 'A:': 'b' } }],
  ['an empty name', { verb: 'CHECK', headers: { '': 'b' } }],
  ['a verb with a line end', { verb: 'PING PNP/1.0\r\n' }],
  ['a length of the caller', { verb: 'CHECK', headers: { 'content-length': 5 } }],
  ['an id of the caller', { verb: 'CHECK', headers: { ID: 5 } }],
];

describe('encodeRequest', () => {
  for (const [name, request, text] of ENCODED) {
    it(`writes ${name}`, () => assert.equal(`${encodeRequest(request)}`, text));
  }
  for (const [name, request] of REFUSED) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => encodeRequest(request),
        (error) => error instanceof PnpError && error.code === 'bad-request',
      );
    });
  }
});

function answerOf(lines: string, body = ''): Answer {
  const text = `${OK}${lines}Content-Length: ${body.length}\r\n\r\n${body}`;
  return new AnswerParser().push(Buffer.from(text))[0] as Answer;
}

describe('readVerdict', () => {
  it('reads every header of a verdict', () => {
    const answer = answerOf(
      'Spam: True ; 8.4 / 5.0\r\nVerdict: spam\r\nAction: junk\r\nProbability: 0.994\r\nTrace: T\r\nAbstained: a.b=c, d=e\r\nWants: sample caps\r\n',
    );
    const { answer: _, abstained, ...verdict } = readVerdict(answer);
    assert.deepEqual(verdict, {
      verdict: 'spam',
      action: 'junk',
      score: 8.4,
      threshold: 5,
      probability: 0.994,
      trace: 'T',
      symbol: undefined,
      wants: ['sample', 'caps'],
    });
    assert.deepEqual(
      [...abstained],
      [
        ['a.b', 'c'],
        ['d', 'e'],
      ],
    );
  });

  it('takes an action it does not know as deliver', () => {
    assert.equal(
      readVerdict(answerOf('Spam: True ; 8 / 5\r\nVerdict: spam\r\nAction: teleport\r\n')).action,
      'deliver',
    );
  });

  for (const lines of [
    '',
    'Verdict: spam\r\n',
    'Spam: True ; 8 / 5\r\nVerdict: maybe\r\n',
    'Spam: 8/5\r\nVerdict: ham\r\n',
  ]) {
    it(`refuses an answer with ${JSON.stringify(lines)}`, () => {
      assert.throws(() => readVerdict(answerOf(lines)), { code: 'protocol' });
    });
  }
});

describe('readSymbols', () => {
  it('reads opinions and leaves abstentions out', () => {
    const body =
      'BAYES_SERVER bayes.server 0.912 9 8.2 tokens=12 top=a=b\r\n- bayes.user abstained untrained\r\n';
    assert.deepEqual(readSymbols(answerOf('', body)), [
      {
        symbol: 'BAYES_SERVER',
        unit: 'bayes.server',
        score: 0.912,
        weight: 9,
        points: 8.2,
        params: { tokens: '12', top: 'a=b' },
      },
    ]);
  });

  it('refuses a line that is no opinion', () => {
    assert.throws(() => readSymbols(answerOf('', 'WHAT is this\r\n')), { code: 'protocol' });
  });
});

describe('Backoff', () => {
  it('doubles up to its cap, with the upper half by chance, and starts anew after a success', () => {
    for (const [random, share] of [
      [0, 0.5],
      [1, 1],
    ] as const) {
      const backoff = new Backoff(
        () => random,
        () => 1_000,
      );
      const waits = Array.from({ length: 12 }, () => {
        backoff.fail(undefined);
        return backoff.waitMs();
      });
      const expected = [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000, 5_000];
      assert.deepEqual(
        waits,
        expected.map((wait) => wait * share),
      );
      backoff.reset();
      assert.ok(backoff.waitMs() <= 0);
    }
  });
});
