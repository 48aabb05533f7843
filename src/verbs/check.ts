import type { Opinion } from '../model/opinion.ts';
import type { Sample } from '../model/sample.ts';
import { UNITS } from '../model/unit.ts';
import { roundedPoints, type Verdict } from '../model/verdict.ts';
import type { JudgedSample } from '../pipeline/pipeline.ts';
import type { Peer } from '../pnp/peer.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { User } from '../store/store.ts';
import type { Context } from './context.ts';
import { explain, symbolLines } from './explanation.ts';
import { sidsOf, slotsOf } from './lesson-tokens.ts';
import { localUserOf, requireDomain } from './local-user.ts';
import { sampleOfRequest, userOf } from './sample.ts';

/** CHECK: the verdict in headers alone [PNP-4]. */
export function check(request: Request, peer: Peer, context: Context): Response {
  return answer(judge(request, peer, context));
}

/** SYMBOLS: CHECK, and the verdict taken apart for programs. */
export function symbols(request: Request, peer: Peer, context: Context): Response {
  const judged = judge(request, peer, context);
  return { ...answer(judged), body: symbolLines(context.pipeline.breakdown(judged.verdict)) };
}

/** REPORT: CHECK, and the verdict taken apart for people. */
export function report(request: Request, peer: Peer, context: Context): Response {
  const judged = judge(request, peer, context);
  return { ...answer(judged), body: explain(judged.verdict, context.pipeline.breakdown(judged.verdict)) };
}

interface Judged {
  readonly verdict: Verdict;
  readonly traceId: string | undefined;
  readonly wantsSample: boolean;
}

function judge(request: Request, peer: Peer, context: Context): Judged {
  const startedAt = performance.now();
  const sample = sampleOfRequest(request);
  requireDomain(peer.grant, localUserOf(sample));
  const now = context.now();
  const user = userOf(sample, request, context);
  const judged = context.pipeline.judge(sample, user, now, request.overload);
  const judgedAt = performance.now();
  context.metrics.verdict(judged.verdict, (judgedAt - request.receivedAt) / 1_000);
  const milliseconds = judgedAt - startedAt;
  context.logVerdict({ verdict: judged.verdict.verdict, points: judged.verdict.total, milliseconds });
  const wantsSample = sample.bypass === 'roster' && isSampleWanted(sample, user, context);
  return { verdict: judged.verdict, traceId: traceOf(judged, context, now), wantsSample };
}

/** What a contact wrote in clear, while the operator lets it be learnt from and the user has room for it. */
function isSampleWanted(sample: Sample, user: User | undefined, { learning }: Context): boolean {
  const hasText = sample.texts.length > 0 && sample.encryption === 'none' && !sample.isTest;
  return hasText && user !== undefined && learning.wantsSample(user);
}

/** Leaves a trace of what was judged; of what was passed unjudged there is nothing to learn. */
function traceOf({ verdict, subject }: JudgedSample, context: Context, at: number): string | undefined {
  if (subject === undefined) return undefined;
  const { ids, user } = subject;
  const trace = {
    at,
    verdict: verdict.verdict,
    total: verdict.total,
    textId: ids.text,
    senderId: ids.jid,
    scores: scoresOf(verdict.opinions),
    sids: sidsOf(subject),
    slots: slotsOf(subject),
    fingerprint: subject.texts.fingerprint,
  };
  return context.store.traces.append(trace, user);
}

/** NaN = abstained. */
function scoresOf(opinions: readonly Opinion[]): Float32Array {
  const scores = new Float32Array(opinions.length);
  for (let index = 0; index < opinions.length; index += 1) {
    const opinion = opinions[index] as Opinion;
    scores[index] = opinion.kind === 'opinion' ? opinion.score : Number.NaN;
  }
  return scores;
}

function answer({ verdict, traceId, wantsSample }: Judged): Response {
  const isSpam = verdict.verdict === 'spam' ? 'True' : 'False';
  const { points, threshold } = roundedPoints(verdict);
  return {
    status: 'EX_OK',
    headers: {
      Spam: `${isSpam} ; ${points} / ${threshold}`,
      Verdict: verdict.verdict,
      Action: verdict.action,
      Probability: verdict.probability.toFixed(3),
      Trace: traceId,
      Symbol: verdict.symbol,
      Abstained: abstentions(verdict),
      Wants: wantsSample ? 'sample' : undefined,
    },
  };
}

function abstentions({ opinions }: Verdict): string | undefined {
  let list: string | undefined;
  for (let index = 0; index < opinions.length; index += 1) {
    const opinion = opinions[index] as Opinion;
    if (opinion.kind !== 'abstention') continue;
    list = `${list === undefined ? '' : `${list}, `}${UNITS[index]}=${opinion.reason}`;
  }
  return list;
}
