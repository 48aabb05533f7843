import { join } from 'node:path';
import { mutated } from '../bench/mutate.ts';
import { PnpClient, type StanzaFacts, type Verdict } from '../clients/node/pnp-client.ts';
import { runCli } from './cli-process.ts';
import { startDaemon } from './daemon-process.ts';
import { type Fixture, spimFixtures } from './stanzas.ts';

/** Fixtures that are reported: every eighth of those that have a text. */
const REPORTED = 20;
const REPORTED_STEP = 8;
/** Local users who get a copy each of what is reported, and say so. */
const REPORTERS = 3;
/** Copies of each reported one that other users get afterwards. */
const COPIES = 10;

/** One stanza with what was said of it. */
export interface Judged {
  readonly fixture: Fixture;
  readonly verdict: Verdict;
}

export interface FixtureRun {
  /** Before anybody has reported anything. */
  readonly ham: readonly Judged[];
  readonly spam: readonly Judged[];
  /** After the reports: the ham again, and mutated copies of what was reported. */
  readonly hamAfter: readonly Judged[];
  readonly copies: readonly Judged[];
}

export interface FixtureRunOptions {
  /** More configuration; none: the default settings. */
  readonly config?: string;
  /** Files that the operator trains with first, as `providence train` reads them. */
  readonly train?: readonly string[];
}

/**
 * Has a real daemon at its default settings judge the fixtures as first messages of strangers; lets users report some of the
 * spam, as a campaign reaches them; has it judge the ham again, and what the campaigns send next.
 */
export async function runFixtures({ config, train = [] }: FixtureRunOptions = {}): Promise<FixtureRun> {
  const daemon = await startDaemon({ starter: true, ...(config !== undefined && { config }) });
  const client = new PnpClient({ path: daemon.adminPath, timeoutMs: 30_000 });
  try {
    if (train.length > 0) {
      const env = { PROVIDENCE_CONFIG: join(daemon.dir, 'providence.toml') };
      const { code, stderr } = await runCli(['train', ...train], '', env);
      if (code !== 0) throw new Error(stderr);
    }
    const fixtures = spimFixtures();
    const of = (label: Fixture['label']) => fixtures.filter((fixture) => fixture.label === label);
    const ham = await judged(client, of('ham'));
    const spam = await judged(client, of('spam'));
    const reported = of('spam')
      .filter(hasText)
      .filter((_, i) => i % REPORTED_STEP === 0)
      .slice(0, REPORTED);
    await report(client, reported);
    return {
      ham,
      spam,
      hamAfter: await judged(client, of('ham')),
      copies: await judged(
        client,
        reported.flatMap((fixture, i) => copiesOf(fixture, 1_000 * (i + 1), COPIES)),
      ),
    };
  } finally {
    client.close();
    await daemon.stop();
  }
}

/** A stream as most servers have it, and a recipient who has seen nobody of these yet. */
function strangers(number: number, stanza: string): StanzaFacts {
  return {
    to: `user${number}@capulet.example`,
    roster: 'none',
    peerHost: / from='[^'@]*@?([^'/]+)/.exec(stanza)?.[1],
    peerIP: `192.0.2.${1 + (number % 254)}`,
    peerTLS: 'TLSv1.3',
    peerAuth: 'external',
    peerChain: 'valid',
    peerIdentity: 'valid',
  };
}

async function judged(client: PnpClient, fixtures: readonly Fixture[]): Promise<Judged[]> {
  const all: Judged[] = [];
  for (const [number, fixture] of fixtures.entries())
    all.push({ fixture, verdict: await client.check(fixture.stanza, strangers(number, fixture.stanza)) });
  return all;
}

/** Each reporter has got a copy of their own, and reports it: by its trace, or with the stanza where there is none. */
async function report(client: PnpClient, fixtures: readonly Fixture[]): Promise<void> {
  for (const [i, fixture] of fixtures.entries())
    for (const [number, { stanza }] of copiesOf(fixture, 100 * (i + 1), REPORTERS).entries()) {
      const facts = { ...strangers(0, stanza), to: `reporter${number}@capulet.example` };
      const { trace } = await client.check(stanza, facts);
      const lesson = trace === undefined ? { stanza } : { trace };
      await client.tell({ label: 'spam', ...lesson, facts: { to: facts.to } });
    }
}

function copiesOf(fixture: Fixture, seed: number, count: number): Fixture[] {
  return Array.from({ length: count }, (_, i) => ({ ...fixture, stanza: mutated(fixture.stanza, seed + i) }));
}

function hasText({ stanza }: Fixture): boolean {
  return /<(body|status|reason)[^>]*>[^<]{12}| reason='[^']{12}/.test(stanza);
}
