import type { Verb } from '../pnp/grammar.ts';
import { VERBS } from '../pnp/grammar.ts';
import type { Request } from '../pnp/request.ts';
import type { AnswerHeaders, Response } from '../pnp/response.ts';
import type { Rule } from './fake-script.ts';

const THRESHOLD = 5;
const TRACE = '01JFAKE0000000000000000000';
const SCORES = { ham: -2, unsure: 2.5, spam: 8 } as const;
const ACTION_OF = { ham: 'deliver', unsure: 'deliver', spam: 'mark' } as const;
const JUDGING: ReadonlySet<Verb> = new Set(['CHECK', 'SYMBOLS', 'REPORT']);

/** The answer that a rule asks for; what it does not say is as a friendly daemon would. */
export function fakeAnswer(request: Request, rule: Rule): Response {
  const status = rule.status ?? 'EX_OK';
  if (status !== 'EX_OK') {
    const error = rule.error ?? 'scripted ; The script says so';
    return { status, headers: { Error: error, ...rule.headers }, body: rule.body ?? '' };
  }
  const { headers = {}, body = '' } = friendly(request, rule);
  return { status, headers: { ...headers, ...rule.headers }, body: rule.body ?? body };
}

function friendly(request: Request, rule: Rule): Omit<Response, 'status'> {
  if (JUDGING.has(request.verb)) return judged(request.verb, rule);
  switch (request.verb) {
    case 'HELLO':
      return { headers: hello() };
    case 'TELL':
      return { headers: request.header('Set') === undefined ? { DidRemove: 'local' } : { DidSet: 'local' } };
    case 'OBSERVE':
      return { headers: { DidSet: 'local' } };
    case 'REKEY':
      return { headers: { Lessons: '0' } };
    case 'STATS':
      return { body: 'providence_fake 1\r\n' };
    default:
      return {};
  }
}

function hello(): AnswerHeaders {
  return {
    Server: 'providence-fake',
    Verbs: VERBS.join(' '),
    Events: 'replied rostered released',
    Rights: 'check learn users admin',
    'Head-Bytes-Max': '16384',
    'Headers-Max': '64',
    'Body-Bytes-Max': '262144',
    'In-Flight-Max': '1024',
    'Idle-Seconds-Max': '3600',
    'Head-Seconds-Max': '30',
  };
}

function judged(verb: Verb, rule: Rule): Omit<Response, 'status'> {
  const verdict = rule.verdict ?? 'ham';
  const score = rule.score ?? SCORES[verdict];
  const headers = {
    Spam: `${verdict === 'spam' ? 'True' : 'False'} ; ${score.toFixed(1)} / ${THRESHOLD.toFixed(1)}`,
    Verdict: verdict,
    Action: rule.action ?? ACTION_OF[verdict],
    Probability: (1 / (1 + Math.exp(-score))).toFixed(3),
    Trace: TRACE,
  };
  if (verb === 'CHECK') return { headers };
  const body =
    verb === 'REPORT'
      ? `Verdict ${verdict}, by a script.\r\n`
      : `SCRIPTED fake.script 0.5 1 ${score.toFixed(6)}\r\n`;
  return { headers, body };
}
