import { RequestError } from '../errors.ts';
import { bareJID, canonicalJID, type JID, resourceOf } from './jid.ts';
import { childrenOf, MUC_USER } from './stanza-texts.ts';
import { attributeOf, type XMLElement } from './xml.ts';

/**
 * The JID that header and stanza name; of a bare and a full one the full one.
 * @throws RequestError `contradiction`, `bad-jid`
 */
export function agreedJID(
  header: string,
  told: string | undefined,
  written: string | undefined,
): JID | undefined {
  if (told === undefined || told === written) {
    return written === undefined ? undefined : canonicalJID(written);
  }
  const toldJID = canonicalJID(told);
  if (written === undefined) {
    return toldJID;
  }
  const writtenJID = canonicalJID(written);
  const resources = [resourceOf(toldJID), resourceOf(writtenJID)];
  if (
    bareJID(toldJID) !== bareJID(writtenJID) ||
    (resources[0] !== resources[1] && !resources.includes(''))
  ) {
    throw new RequestError(
      'EX_DATAERR',
      'contradiction',
      `${header} names another JID than the stanza; send the stanza's own, or leave the header out.`,
    );
  }
  return toldJID.length > writtenJID.length ? toldJID : writtenJID;
}

/**
 * The inviter whom a room names (XEP-0045 §7.8.2), else the sender. A room speaks by its bare JID; a client cannot, since
 * its server writes the full one: so nobody can put an invitation of their own into another's mouth by a client.
 */
export function inviterOf(stanza: XMLElement, sender: JID | undefined): JID | undefined {
  if (sender !== undefined && resourceOf(sender) !== '') {
    return sender;
  }
  for (const x of childrenOf(stanza, 'x')) {
    const [invite] = x.ns === MUC_USER ? childrenOf(x, 'invite') : [];
    const inviter = invite === undefined ? undefined : attributeOf(invite, 'from');
    if (inviter !== undefined) {
      return validJID(inviter) ?? sender;
    }
  }
  return sender;
}

/** For a JID that nobody has vouched for: a refusal would let its stanza pass unjudged. */
function validJID(text: string): JID | undefined {
  try {
    return canonicalJID(text);
  } catch (error) {
    if (error instanceof RequestError) {
      return undefined;
    }
    throw error;
  }
}

/** Whether a user writes to themself. */
export function isSelf(sender: JID | undefined, recipient: JID | undefined): boolean {
  return sender !== undefined && recipient !== undefined && bareJID(sender) === bareJID(recipient);
}
