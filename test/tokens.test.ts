import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PnpClient } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { type DaemonProcess, startDaemon } from './daemon-process.ts';

const DIR = mkdtempSync(join(tmpdir(), 'pv-tokens-'));
after(() => rmSync(DIR, { recursive: true }));

const stanza = (body: string) => `<message from='a@b.example'><body>${body}</body></message>`;
const SPAM = stanza('casino jackpot bonus winner, call +49 171 2345678 today');

interface Page {
  readonly user: string;
  readonly lessons: { readonly spam: number; readonly ham: number };
  readonly user_lessons?: { readonly spam: number; readonly ham: number };
  readonly texts: readonly {
    readonly source: string;
    readonly known: number;
    readonly z: number;
    readonly user?: { readonly known: number; readonly z: number };
    readonly tokens: readonly {
      readonly feature: string;
      readonly spam: number;
      readonly ham: number;
      readonly odds?: number;
      readonly user?: { readonly spam: number; readonly ham: number; readonly odds?: number };
    }[];
  }[];
}

describe('providence tokens', () => {
  let daemon: DaemonProcess;
  let env: NodeJS.ProcessEnv;
  let admin: PnpClient;
  before(async () => {
    daemon = await startDaemon({ config: 'bayes.server.lessons_min = 1\nbayes.user.lessons_min = 1' });
    env = { PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml') };
    admin = new PnpClient({ path: daemon.adminPath, timeoutMs: 10_000 });
    await admin.tell({ label: 'spam', stanza: SPAM });
    await admin.tell({ label: 'spam', stanza: stanza('casino roulette bonus') });
    await admin.tell({ label: 'ham', stanza: stanza('the garden kettle sings a bonus today') });
    await admin.tell({ label: 'ham', stanza: stanza('winner of the garden'), reporter: 'juliet@a.example' });
    await admin.tell({ label: 'spam', stanza: stanza('kettle for sale'), reporter: 'juliet@a.example' });
  });
  after(async () => {
    admin.close();
    await daemon.stop();
  });

  const page = async (input: string, ...options: string[]): Promise<Page> => {
    const { stdout, stderr } = await runCli(['tokens', '--json', ...options], input, env);
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  };
  const named = (text: Page['texts'][number], feature: string) =>
    text.tokens.find((token) => token.feature === feature);

  it('shows lessons of each class, by feature', async () => {
    const { texts, lessons } = await page(SPAM);
    assert.equal(texts.length, 1);
    assert.deepEqual(lessons, { spam: 3, ham: 2 });
    const { odds, ...casino } = named(texts[0]!, 'word: casino')!;
    assert.deepEqual(casino, { feature: 'word: casino', spam: 2, ham: 0 });
    assert.ok(odds! > 0);
    assert.deepEqual(named(texts[0]!, 'word: bonus')!.ham, 1);
  });

  it('shows what makes the opinion: the log-odds of SYMBOLS', async () => {
    for (const [input, unit] of [
      [SPAM, 'bayes.server'],
      [stanza('winner of the kettle'), 'bayes.user'],
    ] as const) {
      const facts = { to: 'juliet@a.example' };
      const [text] = (await page(input, '--to', facts.to)).texts;
      const { symbols } = await admin.symbols(input, facts);
      const sums = [text!, text!.user!];
      for (const [index, { known, z }] of sums.entries()) {
        const odds = text!.tokens.map((token) => (index === 0 ? token.odds : token.user!.odds) ?? 0);
        const sum = odds.reduce((all, each) => all + each, 0);
        assert.equal((sum / Math.sqrt(known)).toFixed(2), z.toFixed(2));
      }
      const said = Number(symbols.find((symbol) => symbol.unit === unit)!.params['z']);
      const shown = unit === 'bayes.server' ? text!.z : text!.user!.z - text!.z;
      assert.ok(Math.abs(said - shown) < 0.011, `${unit}: ${said} is shown as ${shown}`);
    }
  });

  it("shows a user's own lessons, which the table of all does not tell of one reporter", async () => {
    const { texts, user, user_lessons } = await page(
      stanza('winner of the garden'),
      '--to',
      'juliet@a.example',
    );
    assert.deepEqual([user, user_lessons], ['ok', { spam: 1, ham: 1 }]);
    const { spam, ham, user: own } = named(texts[0]!, 'pair: of the')!;
    assert.deepEqual([spam, ham, own!.spam, own!.ham], [0, 0, 0, 1]);
  });

  it('keeps the table shut to another key, and makes no record of a user whom nobody knows', async () => {
    const key = join(DIR, 'key');
    writeFileSync(key, Buffer.alloc(32, 1).toString('base64'));
    const wrong = await page(SPAM, '--to', 'juliet@a.example', '--user-key-file', key);
    assert.deepEqual([wrong.user, wrong.texts[0]!.user], ['wrong-key', undefined]);
    assert.equal((await page(SPAM, '--to', 'new@a.example')).user, 'unknown');
    const userKey = Buffer.alloc(32, 2);
    const { abstained } = await admin.check(SPAM, { to: 'new@a.example', userKey });
    assert.equal(abstained.get('bayes.user'), 'untrained');
  });

  it('shows placeholders, and nothing private', async () => {
    const text = 'call +49 171 2345678 or write to romeo@montague.example, IBAN DE89 3704 0044 0532 0130 00';
    for (const input of [text, stanza(text)])
      for (const options of [[], ['--json']]) {
        const { stdout } = await runCli(['tokens', ...options], input, env);
        assert.match(stdout, /<phone>/);
        assert.match(stdout, /<email>/);
        assert.doesNotMatch(stdout, /2345678|montague|3704/);
      }
  });

  it('takes a file, plain text, and several texts of one stanza, in 80 columns', async () => {
    const path = join(DIR, 'message.txt');
    writeFileSync(path, `casino ${'supercalifragilistic '.repeat(3)}jackpot\n`);
    const { stdout, code } = await runCli(['tokens', path, '--to', 'juliet@a.example'], '', env);
    assert.equal(code, 0);
    assert.match(stdout, /^body: \d+ features; \d+ known, log-odds \+/);
    const two = await runCli(
      ['tokens'],
      '<message><subject>casino</subject><body>garden</body></message>',
      env,
    );
    assert.match(two.stdout, /^subject: 2 features.*^body: 2 features/ms);
    for (const line of (stdout + two.stdout).split('\n')) assert.ok(line.length <= 80, line);
    const none = await runCli(['tokens'], "<presence type='subscribe'/>", env);
    assert.equal(none.stdout, 'There is no text to look at.\n');
  });

  it('leaves nothing behind: no verdict, no trace, no count', async () => {
    const before = (await admin.stats()).get('providence_verdicts_total{verdict="unsure",action="deliver"}');
    await page(SPAM, '--to', 'juliet@a.example');
    const after = (await admin.stats()).get('providence_verdicts_total{verdict="unsure",action="deliver"}');
    assert.equal(after, before);
  });

  it('is for the operator alone', async () => {
    const { code, stderr } = await runCli(['tokens', '--socket', daemon.unixPath], SPAM, env);
    assert.equal(code, 77);
    assert.match(stderr, /TOKENS is not allowed here/);
  });

  it('says what is wrong with the input', async () => {
    const cases = [
      ['<message><body>', 65],
      ['', 66],
    ] as const;
    for (const [input, expected] of cases) {
      const { code, stderr } = await runCli(['tokens'], input, env);
      assert.equal(code, expected);
      assert.match(stderr, /^providence: [^\n]+\.\n$/);
    }
  });
});
