import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../src/config/load.ts';
import { ABSTENTIONS, SENTENCES } from '../src/filters/symbols.ts';
import {
  ANSWER_HEADERS,
  ERROR_WORDS,
  EVENTS,
  PROTOCOL,
  REQUEST_HEADERS,
  RIGHT_OF_VERB,
  STATUS,
  VERBS,
} from '../src/pnp/grammar.ts';
import { SPAMC_VERBS } from '../src/spamd/verbs.ts';
import { SERVED } from '../src/verbs/dispatch.ts';
import { LEARNING_EVENTS } from '../src/verbs/learning.ts';
import { readTranscript } from './conformance-runner.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';
import { exchange } from './spamd-exchange.ts';

/** Tests are run from the root of the project. */
const SPEC = readFileSync('protocol-spec.md', 'utf8');

/** The text of the section with this number, up to the next heading of its level or above. */
function section(number: string): string {
  const level = '#'.repeat(number.split('.').length + 1);
  const start = SPEC.indexOf(`\n${level} ${number}${number.includes('.') ? '' : '.'} `);
  assert.ok(start >= 0, `there is a section ${number}`);
  const text = SPEC.slice(start + 1 + level.length);
  const end = text.search(new RegExp(`^#{2,${level.length}} `, 'm'));
  return end < 0 ? text : text.slice(0, end);
}

/** The rows of the tables in a section, without their heads; code marks are taken off. */
function rows(number: string): string[][] {
  return section(number)
    .split('\n')
    .filter((line) => /^\| [`0-9]/.test(line))
    .map((line) =>
      line
        .slice(2, -2)
        .split(' | ')
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    );
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(`${directory}/${file}`, 'utf8'));
}

test('the verbs of the specification are those of the grammar, with their rights [PNP-4]', () => {
  assert.deepEqual(
    rows('4')
      .filter(([, , release]) => release === 'served' || release === 'not yet')
      .map(([verb, right, release]) => [verb, right, release === 'served']),
    VERBS.map((verb) => [verb, RIGHT_OF_VERB[verb], SERVED.has(verb)]),
  );
});

test('every verb that is served has a section of its own', () => {
  const described = [...SPEC.matchAll(/^### 4\.[0-9]+ ([A-Z]+)$/gm)].map((match) => match[1]);
  assert.deepEqual(
    described,
    VERBS.filter((verb) => SERVED.has(verb)),
  );
});

test('no two sections have one number, and every link to one leads there', () => {
  const titles = [...SPEC.matchAll(/^#{2,3} ([0-9][0-9.]*) .*$/gm)];
  const numbers = titles.map(([, number]) => number);
  assert.equal(new Set(numbers).size, numbers.length);
  const anchors = titles.map(([title]) =>
    title
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...SPEC.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor as string);
  assert.ok(links.length > 10);
  for (const link of links) assert.ok(anchors.includes(link), `#${link} leads nowhere`);
});

test('the events of the specification are those of the grammar, and those that teach are [PNP-4.9]', () => {
  const told = rows('4.9').filter((row) => row.length === 3);
  const wordsOf = (cells: readonly (string | undefined)[]) =>
    cells.flatMap((cell) => (cell ?? '').replaceAll('`', '').split(' '));
  assert.deepEqual(wordsOf(told.map(([events]) => events)), [...EVENTS]);
  const teaching = told.filter(([, , release]) => release?.startsWith('teaches'));
  assert.deepEqual(wordsOf(teaching.map(([event]) => event)), [...LEARNING_EVENTS]);
});

const isReason = (word: string) => /^[a-z]+(?:-[a-z]+)*$/.test(word);

test('every reason of Unchanged that the code says is in the specification, and back', () => {
  const said = sources('src/verbs').flatMap((text) =>
    [...text.matchAll(/unchanged\('([a-z-]+)'|Unchanged: '([a-z-]+)'/g)].map(
      ([, one, other]) => one ?? other,
    ),
  );
  const told = ['4.6', '4.9'].flatMap((number) => rows(number).filter((row) => row.length === 2));
  assert.deepEqual(
    [...new Set([...told.map(([word]) => word as string), 'same-key'])].filter(isReason).sort(),
    [...new Set(said)].sort(),
  );
});

test('the headers of the specification are those of the grammar [PNP-5]', () => {
  assert.deepEqual(
    rows('5.1').map(([name]) => name),
    [...REQUEST_HEADERS],
  );
  assert.deepEqual(
    rows('5.2').map(([name]) => name),
    [...ANSWER_HEADERS],
  );
});

test('the codes of the specification are those of the grammar [PNP-6.1]', () => {
  assert.deepEqual(
    rows('6.1').map(([code, name]) => [name, Number(code)]),
    Object.entries(STATUS),
  );
});

test('the error words of the specification are those of the grammar [PNP-6.2]', () => {
  assert.deepEqual(
    rows('6.2')
      .map(([word, code]) => [word, Number(code)])
      .sort(),
    Object.entries(ERROR_WORDS)
      .map(([word, name]) => [word, STATUS[name]])
      .sort(),
  );
});

test('the symbols and reasons of the specification are those that the code has words for [PNP-6.3, PNP-6.4]', () => {
  assert.deepEqual(
    rows('6.3')
      .map(([symbol]) => symbol)
      .sort(),
    Object.keys(SENTENCES).sort(),
  );
  assert.deepEqual(
    rows('6.4')
      .map(([reason]) => reason)
      .sort(),
    Object.keys(ABSTENTIONS).sort(),
  );
});

test('every symbol and reason that the code says has words, and back', () => {
  const code = sources('src').join('\n');
  const said = (pattern: RegExp) => new Set([...code.matchAll(pattern)].map(([, word]) => word));
  const abstained = said(/abstain\('([a-z-]+)'/g);
  assert.deepEqual([...abstained].sort(), Object.keys(ABSTENTIONS).sort());
  const symbols = said(/(?:symbol: |#withoutFilters\('[a-z]+', )'([A-Z_]+)'/g);
  assert.deepEqual([...symbols].sort(), Object.keys(SENTENCES).sort());
});

test('the words that close are those that the code closes with [PNP-6.2]', () => {
  const thrown = new Set(
    sources('src').flatMap((text) =>
      [...text.matchAll(/(?:brokenFrame|dismissal)\(\s*'([a-z-]+)'/g)].map((match) => match[1]),
    ),
  );
  assert.deepEqual(
    rows('6.2')
      .filter(([, , closes]) => closes === 'yes')
      .map(([word]) => word)
      .sort(),
    [...thrown].sort(),
  );
});

test('every error word that the code says is in the grammar, and back', () => {
  const said = new Set(
    sources('src').flatMap((text) =>
      [
        ...text.matchAll(
          /(?:refusal|brokenFrame|dismissal|RequestError)\(\s*(?:'EX_[A-Z]+',\s*)?'([a-z0-9-]+)'/g,
        ),
      ].map((match) => match[1] as string),
    ),
  );
  assert.deepEqual([...said].sort(), Object.keys(ERROR_WORDS).sort());
});

test('the limits of the specification are the defaults of the configuration [PNP-2.2]', () => {
  const limits: Readonly<Record<string, unknown>> = { ...loadConfig('/dev/null').config.limits };
  for (const [, announced, value] of rowsOfLimits()) {
    const key = (announced as string).toLowerCase().replaceAll('-', '_');
    assert.equal(limits[key], Number(value), key);
  }
});

function rowsOfLimits(): string[][] {
  const found = section('2.2')
    .split('\n')
    .filter((line) => line.includes('-Max` |'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''))
        .slice(1),
    );
  assert.equal(found.length, ANSWER_HEADERS.filter((name) => name.endsWith('-Max')).length);
  return found;
}

test('every clause that code and tests cite is in the specification', () => {
  const cited = [...sources('src'), ...sources('test'), ...sources('clients')].flatMap((text) =>
    [...text.matchAll(/\[PNP-([0-9.]+)\]/g)].map((match) => match[1] as string),
  );
  assert.ok(cited.length > 20);
  for (const clause of new Set(cited)) section(clause);
});

test('every rule of the grammar is used, and every rule that is used is defined [PNP-3]', () => {
  const abnf = /```abnf\n([\s\S]*?)```/.exec(section('3'))?.[1] ?? '';
  const rules = abnf
    .replaceAll(/ {2,};.*$/gm, '')
    .split(/^(?=[A-Za-z])/m)
    .filter((rule) => rule !== '');
  const defined = rules.map((rule) => rule.split(/ *= /, 1)[0] as string);
  const used = new Set(
    rules.flatMap((rule) =>
      [
        ...rule
          .replaceAll(/"[^"]*"|%x[0-9A-F-]+/g, '')
          .slice(rule.indexOf('='))
          .matchAll(/[A-Za-z][A-Za-z0-9-]*/g),
      ].map((match) => match[0]),
    ),
  );
  const core = ['ALPHA', 'DIGIT', 'SP', 'CRLF', 'OCTET', 'VCHAR', 'UTF8-2', 'UTF8-3', 'UTF8-4'];
  for (const name of used) assert.ok(defined.includes(name) || core.includes(name), `${name} is defined`);
  const values = [
    'request',
    'answer',
    'id',
    'deadline',
    'spam',
    'probability',
    'abstained',
    'error',
    'symbol-lines',
    'reload-lines',
    'token-lines',
    'lessons-lines',
  ];
  for (const name of defined) assert.ok(used.has(name) || values.includes(name), `${name} is used`);
});

let daemon: DaemonProcess;
before(async () => {
  daemon = await startDaemon();
});
after(async () => {
  await daemon.stop();
});

/** `<any>` in a line of the specification stands for one or more characters. */
function pattern(line: string): RegExp {
  const literal = line.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('<any>', '.+')}$`);
}

const DIALECT = [...section('10.7').matchAll(/```spamd\n([\s\S]*?)```/g)].map(([, text]) => text as string);

for (const [index, text] of DIALECT.entries()) {
  const [first = ''] = text.split('\n');
  test(`transcript ${index + 1} of the dialect, "${first}", is what the daemon says [PNP-10.7]`, async () => {
    const { sent, received } = readTranscript(text);
    const lines = (await exchange(daemon.unixPath, sent.toString())).replace(/\r\n$/, '').split('\r\n');
    const expected = received.toString().replace(/\r\n$/, '').split('\r\n');
    assert.equal(lines.length, expected.length, lines.join('\n'));
    for (const [at, line] of lines.entries()) assert.match(line, pattern(expected[at] as string));
  });
}

test('the verbs of the dialect are those of the code, with the verbs of PNP that do their work [PNP-10.2]', () => {
  assert.deepEqual(
    rows('10.2').map(([verb, work]) => [verb, work]),
    Object.entries(SPAMC_VERBS),
  );
});

/** What the transcript of RELOAD says that the file was given. */
const ANOTHER_CONFIGURATION = 'thresholds.spam = 6\nstore.sync = false\n';

const TRANSCRIPTS = [...SPEC.matchAll(/^### (7\.[0-9]+ .*)$[\s\S]*?```pnp\n([\s\S]*?)```/gm)];

test('there are transcripts', () => assert.ok(TRANSCRIPTS.length >= 6 && DIALECT.length >= 5));

for (const [, title, text] of TRANSCRIPTS) {
  test(`the transcript "${title}" is what the daemon says [PNP-7]`, async () => {
    const { sent, received } = readTranscript(text as string);
    const operators = (title as string).includes("operator's socket");
    if (operators) appendFileSync(join(daemon.dir, 'providence.toml'), ANOTHER_CONFIGURATION);
    const path = operators ? daemon.adminPath : daemon.unixPath;
    const socket = connect({ path, allowHalfOpen: true });
    await once(socket, 'connect');
    socket.end(sent);
    let said = '';
    for await (const chunk of socket) said += chunk;
    const lines = said.split('\r\n');
    const expected = received.toString().split('\r\n');
    assert.equal(lines.length, expected.length, said);
    for (const [index, line] of lines.entries()) assert.match(line, pattern(expected[index] as string));
    assert.ok(received.toString().includes(PROTOCOL));
  });
}
