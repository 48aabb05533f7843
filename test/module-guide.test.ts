import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { FACT_WORDS } from '../clients/node/facts.ts';
import { parseScript } from '../src/cli/fake-script.ts';
import { ACTIONS } from '../src/model/verdict.ts';
import { ATTRIBUTES_MAX, DEPTH_MAX, ELEMENTS_MAX, STANZA_BYTES_MAX } from '../src/model/xml.ts';
import { ERROR_WORDS, REQUEST_HEADERS, STATUS, VERBS } from '../src/pnp/grammar.ts';
import { SERVED } from '../src/verbs/dispatch.ts';
import { readTranscript } from './conformance-runner.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';

const GUIDE = readFileSync('docs/module-guide.md', 'utf8');
/** The guide has no word about them, or says that no filter reads them. */
const NOT_OF_CHECK = [
  ...['Content-Length', 'Id', 'Message-Class', 'Set', 'Remove', 'Reporter', 'Trace', 'Credential'],
  ...['New-User-Key', 'Event', 'Act'],
  ...['Peer-Cert', 'Affiliation', 'Lookalike', 'Policy'],
];

/** Cells of the rows of the table whose head begins with this word. */
function table(head: string): string[][] {
  const start = GUIDE.indexOf(`\n| ${head} |`);
  assert.ok(start >= 0, head);
  const rows =
    /^(?:\|.*\n)+/
      .exec(GUIDE.slice(start + 1))?.[0]
      .split('\n')
      .slice(2, -1) ?? [];
  return rows.map((row) => row.slice(2, -2).split(' | '));
}

const codes = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word as string);

describe('the module guide', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.stop());

  it('serves the verbs that this release serves', () => {
    const rows = table('verb').flatMap(([verbs, served]) =>
      codes(verbs).map((verb) => [verb, served === 'yes'] as const),
    );
    assert.deepEqual(new Map(rows), new Map(VERBS.map((verb) => [verb, SERVED.has(verb)])));
  });

  it('tells every header of CHECK that is judged by, with its words', () => {
    const rows = table('header');
    assert.deepEqual(
      rows.flatMap(([names]) => codes(names)).sort(),
      REQUEST_HEADERS.filter((name) => !NOT_OF_CHECK.includes(name)).sort(),
    );
    const words = (header: string) => codes(rows.find(([names]) => codes(names).includes(header))?.[1]);
    assert.deepEqual(words('Roster'), FACT_WORDS.roster);
    assert.deepEqual(words('Peer-TLS'), FACT_WORDS.peerTLS);
    assert.deepEqual(words('Peer-Auth'), FACT_WORDS.peerAuth);
  });

  it('names the actions, the statuses and the error words of the grammar', () => {
    const actions = table('action').flatMap(([action]) => codes(action));
    assert.deepEqual(actions.sort(), [...ACTIONS].sort());
    for (const [, code, name] of GUIDE.matchAll(/`(\d\d) (EX_[A-Z]+)`/g))
      assert.equal(STATUS[name as keyof typeof STATUS], Number(code), name);
    for (const [, code, word] of GUIDE.matchAll(/`(6[4569]|7[0-9]) ([a-z][a-z-]+)`/g))
      assert.equal(STATUS[ERROR_WORDS[word as keyof typeof ERROR_WORDS]], Number(code), word);
  });

  it('has the limits of a stanza', () => {
    const comma = (limit: number) => limit.toLocaleString('en');
    const limits = `${comma(STANZA_BYTES_MAX)} bytes, ${DEPTH_MAX} levels, ${comma(ELEMENTS_MAX)} elements or ${ATTRIBUTES_MAX} attributes`;
    assert.ok(GUIDE.replace(/\s+/g, ' ').includes(limits), limits);
  });

  it('shows a script that the scripted daemon takes', () => {
    const script = /```\n(\{"contains[\s\S]*?)```/.exec(GUIDE)?.[1] ?? '';
    assert.equal(parseScript(script, 'guide').length, 6);
  });

  const transcripts = [...GUIDE.matchAll(/```\n(C: ([A-Z]+) [\s\S]*?)```/g)].map(([, text = '', verb]) => ({
    text,
    verb,
  }));

  for (const { text, verb } of transcripts) {
    it(`shows a ${verb} with the right length`, () => {
      const { sent } = readTranscript(text);
      const [head, body] = sent.toString().split('\r\n\r\n', 2);
      assert.match(head ?? '', new RegExp(`\r\nContent-Length: ${Buffer.byteLength(body ?? '')}$`));
    });
  }

  for (const { text, verb } of transcripts.filter(({ text }) => /HELLO|TEST-SPAM/.test(text))) {
    it(`shows what the daemon answers to ${verb}`, async () => {
      const { sent, received } = readTranscript(text);
      const socket = connect({ path: daemon.unixPath, allowHalfOpen: true });
      await once(socket, 'connect');
      socket.end(sent);
      let said = '';
      for await (const chunk of socket) said += chunk;
      assert.equal(said, received.toString());
    });
  }
});
