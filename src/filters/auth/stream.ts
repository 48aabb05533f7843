import { abstain, type Opinion } from '../../model/opinion.ts';
import type { Sample, StreamFacts } from '../../model/sample.ts';
import type { CacheKey, Filter, SampleIds } from '../filter.ts';

const NO_FACTS = abstain('no-facts');
const LOCAL_STREAM = abstain('local-stream');

/**
 * How the stream authenticated. The order is that of XEP-0275 §3 (a CA certificate weighs most): SASL EXTERNAL over TLS,
 * dialback over TLS, a stream in clear. What nearly every server has proves next to nothing, for spam comes from there, too;
 * what is missing speaks against a server.
 */
export function createStream(): Filter {
  return { name: 'auth.stream', version: 2, wants: [], readsText: false, cacheKey, judge };
}

function judge(sample: Sample): Opinion {
  const { tls, auth } = sample.stream;
  if (auth === 'c2s' || auth === 'component') return LOCAL_STREAM;
  if (tls === undefined && auth === undefined) return NO_FACTS;
  return {
    kind: 'opinion',
    score: scoreOf(tls, auth),
    symbol: 'STREAM',
    params: { tls: tls ?? 'unknown', auth: auth ?? 'unknown' },
  };
}

function scoreOf(tls: string | undefined, auth: string | undefined): number {
  if (tls === 'none') return 0.8;
  const outdated = tls === undefined || tls === 'TLSv1.3' || tls === 'TLSv1.2' ? 0 : 0.3;
  if (auth === 'external') return outdated - 0.05;
  return auth === 'dialback' ? outdated + 0.05 : outdated;
}

function cacheKey(sample: Sample, ids: SampleIds): CacheKey | undefined {
  if (ids.domain === '') return undefined;
  return { subject: 'domain', id: ids.domain, fact: 'auth.stream', stamp: stampOf(sample.stream) };
}

function stampOf(stream: StreamFacts): string {
  return `${stream.tls ?? ''} ${stream.auth ?? ''}`;
}
