import { bogofilter } from './bogofilter.ts';
import type { Peer } from './peer.ts';
import { providence } from './providence.ts';
import { rspamd } from './rspamd.ts';
import { spamassassin } from './spamassassin.ts';
import { spamprobe } from './spamprobe.ts';

/** Every filter that is measured, in the order of reports. */
export const PEERS: readonly Peer[] = [providence, bogofilter, spamprobe, spamassassin, rspamd];
