import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestError } from '../src/errors.ts';
import { REQUEST_HEADERS, RIGHT_OF_VERB, VERBS } from '../src/pnp/grammar.ts';
import { Head } from '../src/pnp/head.ts';
import { parseRequest } from '../src/pnp/request.ts';
import { encodeResponse, errorResponse } from '../src/pnp/response.ts';

function read(...lines: readonly string[]) {
  const head = `${lines.join('\r\n')}\r\n`;
  return parseRequest(new Head({ head, body: Buffer.from('body') }), 7);
}

function refuses(word: string, closes: boolean, ...lines: readonly string[]): void {
  assert.throws(
    () => read(...lines),
    (error) => error instanceof RequestError && error.code === word && error.closes === closes,
    word,
  );
}

test('a request gives its verb, id, deadline, body and time', () => {
  const request = read('CHECK PNP/1.0', 'Id: a.B-9_', 'Deadline: 250', 'Content-Length: 4');
  assert.equal(request.verb, 'CHECK');
  assert.equal(request.id, 'a.B-9_');
  assert.equal(request.deadlineMs, 250);
  assert.equal(request.body.toString(), 'body');
  assert.equal(request.receivedAt, 7);
  assert.equal(request.overload, false);
});

test('a request without them has no id and no deadline', () => {
  const request = read('PING PNP/1.0', 'Content-Length: 4');
  assert.equal(request.id, undefined);
  assert.equal(request.deadlineMs, undefined);
  assert.equal(request.header('From'), undefined);
});

test('every header of the grammar is found, in any case of letters [PNP-5.1]', () => {
  for (const name of REQUEST_HEADERS) {
    const value = name === 'Deadline' ? '5' : 'x';
    for (const written of [name, name.toUpperCase(), name.toLowerCase()]) {
      assert.equal(read('PING PNP/1.0', `${written}:  ${value} `).header(name), value, written);
    }
  }
});

test('unknown headers are ignored, however alike they are to known ones', () => {
  const request = read(
    'PING PNP/1.0',
    'Fram: 1',
    'From-: 2',
    'X-From: 3',
    'F: 4',
    `${'N'.repeat(200)}: 5`,
    'From: 6',
  );
  assert.equal(request.header('From'), '6');
});

test('a value keeps its inner spaces, colons and letters beyond ASCII, and may be empty', () => {
  const request = read('PING PNP/1.0', 'From: jül@ex.example/a: b  c', 'To:', 'Roster:    ');
  assert.equal(request.header('From'), 'jül@ex.example/a: b  c');
  assert.equal(request.header('To'), '');
  assert.equal(request.header('Roster'), '');
});

test('every verb of the grammar is read, any other is refused and the connection stays open', () => {
  for (const verb of VERBS) assert.equal(read(`${verb} PNP/1.0`).verb, verb);
  for (const verb of ['PIN', 'PINGS', 'PROCESS', 'CONSTRUCTOR'])
    refuses('unknown-verb', false, `${verb} PNP/1.0`);
});

test('a known header that comes twice is refused', () => {
  refuses('repeated-header', false, 'PING PNP/1.0', 'From: a', 'FROM: a');
  refuses('bad-id', true, 'PING PNP/1.0', 'Id: a', 'id: a', 'From: a', 'From: b');
});

test('an id outside its grammar closes, since its answer could not be matched', () => {
  for (const id of ['', 'a b', 'ä', 'a/b', 'x'.repeat(33)])
    refuses('bad-id', true, 'PING PNP/1.0', `Id: ${id}`);
  assert.equal(read('PING PNP/1.0', `Id: ${'x'.repeat(32)}`).id, 'x'.repeat(32));
});

test('a deadline that is no whole number of milliseconds is refused', () => {
  for (const value of ['', '-1', '+1', '1.5', '1e3', 'soon', '1'.repeat(10)]) {
    refuses('bad-deadline', false, 'PING PNP/1.0', `Deadline: ${value}`);
  }
});

test('rights go with verbs: HELLO, PING, SKIP and AUTH need none', () => {
  assert.deepEqual(
    VERBS.filter((verb) => RIGHT_OF_VERB[verb] === 'none'),
    ['HELLO', 'PING', 'SKIP', 'AUTH'],
  );
});

test('an answer has its status line, Id, headers in order and its length in bytes [PNP-3]', () => {
  const response = {
    status: 'EX_OK',
    headers: { Spam: 'True ; 8.4 / 5.0', Verdict: 'spam' },
    body: 'ä\r\n',
  } as const;
  assert.equal(
    encodeResponse(response, '17'),
    'PNP/1.0 0 EX_OK\r\nId: 17\r\nSpam: True ; 8.4 / 5.0\r\nVerdict: spam\r\nContent-Length: 4\r\n\r\nä\r\n',
  );
  assert.equal(
    encodeResponse({ status: 'EX_OK' }, undefined),
    'PNP/1.0 0 EX_OK\r\nContent-Length: 0\r\n\r\n',
  );
  assert.equal(
    encodeResponse({ status: 'EX_OK', body: '' }, undefined),
    'PNP/1.0 0 EX_OK\r\nContent-Length: 0\r\n\r\n',
  );
});

test('an error is answered by the same grammar, with its word and its sentence [PNP-6.2]', () => {
  const error = new RequestError('EX_USAGE', 'unknown-class', 'Say spam or ham');
  assert.equal(
    encodeResponse(errorResponse(error), 'a'),
    'PNP/1.0 64 EX_USAGE\r\nId: a\r\nError: unknown-class ; Say spam or ham\r\nContent-Length: 0\r\n\r\n',
  );
});

test('a value can neither end its line nor steer a terminal', () => {
  for (const control of [
    '\r',
    '\n',
    '\r\n',
    '\0',
    '\t',
    '\x1b',
    '\x7f',
    '\u0085',
    '\u009b',
    '\u2028',
    '\u2029',
  ]) {
    const text = encodeResponse(
      { status: 'EX_OK', headers: { Symbol: `a${control}Spam: False` } },
      undefined,
    );
    assert.equal(
      text,
      `PNP/1.0 0 EX_OK\r\nSymbol: a${' '.repeat(control.length)}Spam: False\r\nContent-Length: 0\r\n\r\n`,
    );
  }
});
