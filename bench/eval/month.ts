import type { Answer, PnpClient, StanzaFacts, Verdict } from '../../clients/node/pnp-client.ts';
import { escapeText } from '../../src/cli/stanza-text.ts';
import { STATUS } from '../../src/errors.ts';
import type { Message } from '../rows.ts';
import { onDaemon } from './month-daemon.ts';
import { type Day, type Event, MONTH, planMonth, type Texts, textsOf } from './month-plan.ts';
import { progress } from './print.ts';

const JULIET = 'juliet@capulet.example';
/** `EX_UNAVAILABLE`: a verb that this release does not serve. */
const NOT_SERVED = STATUS.EX_UNAVAILABLE;
const DAY_MS = 86_400_000;
/** Days that are told together. */
const PERIOD_DAYS = 10;
/** Of the messages after the month, the share on which `bayes.user` is to have an opinion: some have no known word. */
const OPINIONS_MIN = 0.5;

/** What was said of messages from strangers in some days. */
interface Period {
  readonly until_day: number;
  spam: number;
  spam_caught: number;
  ham: number;
  ham_blocked: number;
  /** Messages on which `bayes.user` had an opinion. */
  with_user_opinion: number;
}

export interface MonthReport {
  readonly periods: readonly Period[];
  readonly reports: number;
  /** Answers to OBSERVE, how often each: `taught`, why nothing was to do, or the status and word of a refusal. */
  readonly observed: Readonly<Record<string, number>>;
  /** Of messages that come after the month: on how many `bayes.user` has an opinion, and why it has none on the others. */
  readonly afterwards: {
    readonly messages: number;
    readonly opinions: number;
    readonly abstentions: Readonly<Record<string, number>>;
  };
  readonly met: boolean;
}

/** A client for a user's server, and what it has seen happen. */
interface Simulation {
  readonly client: PnpClient;
  readonly periods: Period[];
  reports: number;
  readonly observed: Record<string, number>;
}

/**
 * Thirty days of an ordinary user on a real daemon, by its socket: contacts, some strangers who are answered and added
 * (OBSERVE), spam, and a few reports by trace (TELL). The daemon's clock goes a day ahead each day. In the end `bayes.user`
 * should know enough of both classes to say something.
 * @param config TOML for the daemon; where it listens and stores is already said. None: the defaults.
 */
export async function runMonth(messages: readonly Message[], config = ''): Promise<MonthReport> {
  const { days, unsent } = planMonth(textsOf(messages));
  return onDaemon(config, async (client, pass) => {
    const simulation: Simulation = { client, periods: [], reports: 0, observed: {} };
    for (const day of days) {
      progress(`month, day ${day.number}`);
      await liveDay(simulation, day);
      pass(DAY_MS);
    }
    const { periods, reports, observed } = simulation;
    const afterwards = await judgeAfterwards(client, unsent);
    const met = afterwards.opinions >= OPINIONS_MIN * afterwards.messages;
    return { periods, reports, observed, afterwards, met };
  });
}

async function liveDay(simulation: Simulation, { number, events, reportsWanted }: Day): Promise<void> {
  if ((number - 1) % PERIOD_DAYS === 0) simulation.periods.push(emptyPeriod(number + PERIOD_DAYS - 1));
  for (const event of events) {
    if (event.kind === 'rostered') {
      await observe(simulation, 'rostered', event.from);
      continue;
    }
    const verdict = await check(simulation.client, event);
    if (event.kind === 'contact') continue;
    count(simulation.periods.at(-1)!, event, verdict);
    if (event.kind === 'talk' && event.isFirst)
      await observe(simulation, 'replied', event.from, verdict.trace);
    const isMissed = event.kind === 'spam' && verdict.verdict !== 'spam';
    if (isMissed && simulation.reports < reportsWanted) {
      await simulation.client.tell({ label: 'spam', trace: verdict.trace, reporter: JULIET });
      simulation.reports += 1;
    }
  }
}

function emptyPeriod(untilDay: number): Period {
  const nothing = { spam: 0, spam_caught: 0, ham: 0, ham_blocked: 0, with_user_opinion: 0 };
  return { until_day: Math.min(untilDay, MONTH.days), ...nothing };
}

type Incoming = Exclude<Event, { readonly kind: 'rostered' }>;

function check(client: PnpClient, { kind, from, text }: Incoming): Promise<Verdict> {
  return client.check(stanzaOf(from, text), factsOf(from, kind === 'contact'));
}

function count(period: Period, { kind }: Incoming, { verdict, symbol, abstained }: Verdict): void {
  const isSpam = kind === 'spam';
  if (isSpam) period.spam += 1;
  else period.ham += 1;
  if (verdict === 'spam' && isSpam) period.spam_caught += 1;
  if (verdict === 'spam' && !isSpam) period.ham_blocked += 1;
  if (symbol === undefined && !abstained.has('bayes.user')) period.with_user_opinion += 1;
}

/**
 * Tells what the server saw the user do. Where the daemon does not serve OBSERVE, the first answer to a stranger is taught as
 * what it would mean: ham, by its trace.
 */
async function observe(
  simulation: Simulation,
  event: 'replied' | 'rostered',
  from: string,
  trace?: string,
): Promise<void> {
  const { client, observed } = simulation;
  const answer = await client.call('OBSERVE', { Event: event, From: from, To: JULIET, Trace: trace });
  const said = saidOf(answer);
  observed[said] = (observed[said] ?? 0) + 1;
  if (answer.status === NOT_SERVED && trace !== undefined)
    await client.tell({ label: 'ham', trace, reporter: JULIET });
}

function saidOf({ status, headers }: Answer): string {
  if (status === 0) return headers.get('Unchanged') ?? 'taught';
  return `${status} ${headers.get('Error')?.split(' ')[0] ?? ''}`;
}

async function judgeAfterwards(client: PnpClient, { spam, ham }: Texts): Promise<MonthReport['afterwards']> {
  const texts = [...spam.slice(0, MONTH.afterwards), ...ham.slice(0, MONTH.afterwards)];
  const abstentions: Record<string, number> = {};
  let opinions = 0;
  for (const [number, text] of texts.entries()) {
    const from = `somebody${number}@new.example/x`;
    const { answer } = await client.symbols(stanzaOf(from, text), factsOf(from, false));
    const [, why] = /^- bayes\.user abstained (.*?)\r?$/m.exec(answer.body.toString()) ?? [];
    if (why === undefined) opinions += 1;
    else abstentions[why] = (abstentions[why] ?? 0) + 1;
  }
  return { messages: texts.length, opinions, abstentions };
}

function stanzaOf(from: string, text: string): string {
  return `<message from='${from}' type='chat'><body>${escapeText(text)}</body></message>`;
}

/** A stream as most servers have it. */
function factsOf(from: string, isContact: boolean): StanzaFacts {
  return {
    to: JULIET,
    roster: isContact ? 'both' : 'none',
    peerHost: from.replace(/^.*@|\/.*$/g, ''),
    peerIP: '192.0.2.7',
    peerTLS: 'TLSv1.3',
    peerAuth: 'external',
    peerChain: 'valid',
    peerIdentity: 'valid',
  };
}
