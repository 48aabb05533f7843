import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FACT_WORDS, HEADER_OF_FACT } from '../clients/node/facts.ts';
import { type Answer, AnswerParser, encodeRequest } from '../clients/node/pnp-client.ts';
import { REQUEST_HEADERS } from '../src/pnp/grammar.ts';
import { type Call, readConformance } from './conformance-runner.ts';

/** Headers that are no fact of a stanza: the client sets them out of the other arguments of its methods. */
const NO_FACTS = [
  ...[
    'Content-Length',
    'Id',
    'Deadline',
    'Message-Class',
    'Set',
    'Remove',
    'Reporter',
    'New-User-Key',
    'Event',
    'Trace',
    'Credential',
    'Act',
  ],
];

function bytesOf({ verb, headers, body }: Call): string {
  const id = headers.find(([name]) => name === 'Id')?.[1];
  const rest = headers.filter(([name]) => name !== 'Id');
  return `${encodeRequest({ verb, id, headers: rest, body })}`;
}

function plain({ status, name, headers, body }: Answer) {
  return { status, name, headers: [...headers].filter(([key]) => key !== 'Content-Length'), body: `${body}` };
}

describe('the Node client and the conformance files', () => {
  for (const { name, exchanges, sent, received } of readConformance()) {
    const calls = exchanges.flatMap(({ call }) => (call === null ? [] : [call]));
    if (calls.length === exchanges.length) {
      it(`writes the calls of ${name}`, () => assert.equal(calls.map(bytesOf).join(''), `${sent}`));
    }
    for (const size of [1, 3, received.length]) {
      it(`reads the answers of ${name}, ${size} bytes at a time`, () => {
        const parser = new AnswerParser();
        const answers: Answer[] = [];
        for (let at = 0; at < received.length; at += size)
          answers.push(...parser.push(received.subarray(at, at + size)));
        const byId = (a: { headers: readonly (readonly string[])[] }) => JSON.stringify(a.headers);
        const expected = exchanges.flatMap(({ answer }) => (answer === null ? [] : [answer]));
        assert.deepEqual(
          answers.map(plain).sort((a, b) => byId(a).localeCompare(byId(b))),
          expected.toSorted((a, b) => byId(a).localeCompare(byId(b))),
        );
        assert.equal(parser.partial, false);
      });
    }
  }

  it('has a fact for every header of the grammar that is one', () => {
    const facts = REQUEST_HEADERS.filter((name) => !NO_FACTS.includes(name));
    assert.deepEqual(Object.values(HEADER_OF_FACT).sort(), facts.sort());
  });

  const spec = readFileSync('protocol-spec.md', 'utf8');
  for (const [fact, words] of Object.entries(FACT_WORDS)) {
    const header = HEADER_OF_FACT[fact as keyof typeof FACT_WORDS];
    it(`has the words that the specification has for ${header}`, () => {
      const [, value = ''] = new RegExp(`^\\| \`${header}\` \\|[^|]*\\|(.*)\\|$`, 'm').exec(spec) ?? [];
      assert.deepEqual(
        [...value.matchAll(/`([^`]+)`/g)].map(([, word]) => word),
        words,
      );
    });
  }

  it('lists every fact in its README, with its header and its words', () => {
    const readme = readFileSync('clients/node/README.md', 'utf8');
    for (const [fact, header] of Object.entries(HEADER_OF_FACT)) {
      const row = readme.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${fact}\``));
      for (const word of [header, ...(FACT_WORDS[fact as keyof typeof FACT_WORDS] ?? [])])
        assert.ok(row?.includes(`\`${word}\``), `${fact}: ${word}`);
    }
  });
});
