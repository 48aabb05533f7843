import type {
  SumEvidence,
  TableEvidence,
  TextEvidence,
  TokenEvidence,
  TokenInTable,
} from '../filters/bayes/evidence.ts';
import type { Peer } from '../pnp/peer.ts';
import type { Request } from '../pnp/request.ts';
import type { Response } from '../pnp/response.ts';
import type { User } from '../store/store.ts';
import { TOKENISER_VERSION } from '../text/features.ts';
import type { Context } from './context.ts';
import { localUserOf, requireDomain } from './local-user.ts';
import { knownUserOf, sampleOfRequest } from './sample.ts';

/** TOKENS: what the tables know of each token of a stanza. Numbers only: whoever asks has the text [PNP-4]. */
export function tokens(request: Request, peer: Peer, context: Context): Response {
  const sample = sampleOfRequest(request);
  requireDomain(peer.grant, localUserOf(sample));
  const user = knownUserOf(sample, request, context);
  const texts = context.pipeline.evidenceOn(sample, user);
  const lines = [tablesLine(texts[0], user), ...texts.flatMap(textLines)];
  return { status: 'EX_OK', body: lines.map((line) => `${line}\r\n`).join('') };
}

function tablesLine(text: TextEvidence | undefined, user: User | undefined): string {
  const state = user?.keyState ?? 'unknown';
  return `tables tokeniser=${TOKENISER_VERSION}${countsOf(text?.lessons)}${countsOf(text?.hostLessons, 'host_')} user=${state}${countsOf(text?.userLessons, 'user_')}`;
}

function textLines({ tokens, server, user }: TextEvidence): string[] {
  return [`text tokens=${tokens.length}${sumOf(server)}${sumOf(user, 'user_')}`, ...tokens.map(tokenLine)];
}

function tokenLine({ starter, host, user, ...server }: TokenEvidence): string {
  const share = starter === 0 ? '' : ` starter=${decimals(starter)}`;
  return `token${tokenOf(server)}${share}${countsOf(host, 'host_')}${user === undefined ? '' : tokenOf(user, 'user_')}`;
}

/** A token that nobody knows has no log-odds. */
function tokenOf(token: TokenInTable, prefix = ''): string {
  const odds = Number.isNaN(token.logOdds) ? '' : ` ${prefix}odds=${decimals(token.logOdds)}`;
  return countsOf(token, prefix) + odds;
}

function countsOf(table: TableEvidence | undefined, prefix = ''): string {
  if (table === undefined) return '';
  return ` ${prefix}spam=${decimals(table.spam)} ${prefix}ham=${decimals(table.ham)}`;
}

function sumOf(sum: SumEvidence | undefined, prefix = ''): string {
  return sum === undefined ? '' : ` ${prefix}known=${sum.known} ${prefix}z=${decimals(sum.z)}`;
}

/** At most four of them: a number, not how it came about. */
function decimals(value: number): string {
  return `${Math.round(value * 10_000) / 10_000}`;
}
