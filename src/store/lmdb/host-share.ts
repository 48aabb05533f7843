import { ID_BYTES } from '../keyed-ids.ts';
import type { HostShare } from '../store.ts';
import type { Learnt } from './lesson-record.ts';
import { TOKEN_BYTES } from './token-ids.ts';

/* In a lesson's record: id of the host 16, weight u32 (1/256 lesson), then the tokens that its table leaves out, a bit each. */
const WEIGHT_AT = ID_BYTES;
const WITHHELD_AT = WEIGHT_AT + 4;

export function encodeHostShare({ id, weight, withheld }: HostShare): Buffer {
  const share = Buffer.alloc(WITHHELD_AT + withheld.length);
  share.write(id, 'hex');
  share.writeUInt32LE(weight, WEIGHT_AT);
  share.set(withheld, WITHHELD_AT);
  return share;
}

/** What the table of a virtual host has of a lesson; undefined where it is in that of all alone. */
export function hostShareOf({ host }: Pick<Learnt, 'host'>): HostShare | undefined {
  if (host.length === 0) return undefined;
  return {
    id: host.toString('hex', 0, ID_BYTES),
    weight: host.readUInt32LE(WEIGHT_AT),
    withheld: host.subarray(WITHHELD_AT),
  };
}

/** A lesson as the table of its virtual host has it: each of its tokens' ids is laid over the first 8 bytes of the host's. */
export function learntByHost(learnt: Learnt): { readonly id: Buffer; readonly learnt: Learnt } | undefined {
  const share = hostShareOf(learnt);
  if (share === undefined) return undefined;
  const { weight, withheld } = share;
  const id = Buffer.from(share.id, 'hex');
  return { id, learnt: { ...learnt, sids: hostTokens(learnt.sids, id), weight, withheld } };
}

function hostTokens(sids: Buffer, host: Buffer): Buffer {
  const tokens = Buffer.from(new Uint8Array(sids).buffer);
  for (let at = 0; at < tokens.length; at += 1) tokens[at] = tokens[at]! ^ host[at % TOKEN_BYTES]!;
  return tokens;
}
