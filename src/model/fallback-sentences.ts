/**
 * Bodies that clients put beside an encrypted message, for recipients who cannot read it. A new client's sentence is added
 * here with its source; a translated one is judged as any text.
 */
const ENCRYPTED = [
  // Conversations and its forks, Smack (OmemoMessage), aTalk: MessageGenerator.OMEMO_FALLBACK_MESSAGE
  'I sent you an OMEMO encrypted message but your client doesn’t seem to support that. Find more information on https://conversations.im/omemo',
  // UWPX: OmemoEncryptedMessage.cs
  'I sent you an OMEMO encrypted message but your client doesn’t seem to support that. Find more information on: https://conversations.im/omemo',
  // Siskin and Beagle (Martin): OMEMOModule.defaultBody; Miranda NG: jabber_omemo.cpp
  'I sent you an OMEMO encrypted message but your client doesn’t seem to support that.',
  // Gajim and python-nbxmpp: modules/omemo.py; Profanity: message.c
  'You received a message encrypted with OMEMO but your client doesn’t support OMEMO.',
  // Psi and Psi+: plugins/generic/omemoplugin
  'You received a message encrypted with OMEMO but your client doesn’t support OMEMO or its support is currently disabled.',
  // Dino: omemo/src/protocol/stream_module.vala; Monal: MLOMEMO.m; Prose
  '[This message is OMEMO encrypted]',
  // poezio and bots with slixmpp-omemo: default_config.fallback_message
  'This message is OMEMO encrypted.',
  // Pidgin with lurch: libomemo.h
  'You received an OMEMO encrypted message, but your client does not support it.',
  // converse.js: plugins/omemo
  'This is an OMEMO encrypted message which your client doesn’t seem to support. Find more information on https://conversations.im/omemo',
  // Kaidan and QXmpp: QXmppOmemoManager, by QXmppMessage::encryptionName
  'This message is encrypted with OMEMO 2 but could not be decrypted',
  'This message is encrypted with OMEMO but could not be decrypted',
  // JSXC: OMEMO plugin
  '***You received an OMEMO encrypted message***',
  // Movim: app/Widgets/Chat/Chat.php
  'Encrypted OMEMO message sent',
  // jabber.el: jabber-omemo.el, jabber-openpgp.el, jabber-openpgp-legacy.el
  'This message is encrypted with OMEMO and could not be displayed.',
  'This message is encrypted with OpenPGP (XEP-0373).',
  'This message is encrypted with OpenPGP.',
  // Gajim and python-nbxmpp: modules/openpgp.py, older and newer
  '[This message is *encrypted* with OpenPGP (See :XEP:`0373`]',
  'This message is *encrypted* with OpenPGP',
  // xmppc: openpgp.c, pgp.c
  'This message is *encrypted* with OpenPGP (See :XEP:`0373`)',
  'This message is *encrypted* with PGP (See :XEP:`27`)',
  // Conversations: MessageGenerator.PGP_FALLBACK_MESSAGE
  'I sent you a PGP encrypted message but your client doesn’t seem to support that.',
  // Gajim: pgplegacy, newest first
  '[This message is *encrypted* (See :XEP:`27`)]',
  '[This message is *encrypted* (See :XEP:`27`]',
  '[This message is *encrypted* (See :JEP:`27`]',
  '[This message is encrypted]',
  // Dino: openpgp/src/stream_module.vala
  '[This message is OpenPGP encrypted (see XEP-0027)]',
  // Profanity: message.c
  'This message is encrypted (XEP-0027).',
  // mcabber: xmpp.c
  'This message is PGP-encrypted.',
  // Psi, Pidgin-GPG, Adium's GPG plugin
  '[ERROR: This message is encrypted, and you are unable to decrypt it.]',
  // Miranda: jabber_proto.cpp; CenterICQ: jabberhook.cc
  '[This message is encrypted.]',
  'This message is encrypted.',
];

/** What follows an OTR query (`?OTRv23?`). `%` stands for the sender's own bare JID. */
const OTR_OFFERS = [
  // libotr (Pidgin, Adium): proto.c, otrl_proto_default_query_msg; its links are taken out before comparing
  '% has requested an Off-the-Record private conversation. However, you do not have a plugin to support that. See otr.cypherpunks.ca for more information.',
  // Profanity and irssi-otr: otrlib_start_query
  'This user has requested an Off-the-Record private conversation. However, you do not have a plugin to support that. See otr.cypherpunks.ca for more information.',
  // python-potr (Gajim, weechat-otr)
  'I would like to start an Off-the-Record private conversation. However, you do not have a plugin to support that. See otr.cypherpunks.ca for more information.',
  // Blink: python-otr
  'I would like to start an Off-the-Record private conversation, but you do not seem to support that.',
  // Conversations up to 1.23: OTR_FALLBACK_MESSAGE
  'I would like to start a private (OTR encrypted) conversation but your client doesn’t seem to support that',
  // Thunderbird: otr.ftl, query-msg
  '% has requested an Off-the-Record (OTR) encrypted conversation. However, you do not have a plugin to support that. See https://en.wikipedia.org/wiki/Off-the-Record_Messaging for more information.',
];

/** Every sentence as its client writes it, for tests. */
export const FALLBACK_SENTENCES: readonly string[] = [...ENCRYPTED, ...OTR_OFFERS];

const known = new Set(FALLBACK_SENTENCES.map(plain));
/** Longer than any sentence with the longest name in it would usefully be; what is longer is judged. */
const SENTENCE_CHARS_MAX = 512;
const OTR_LINK = / [<(]https?:\/\/(?:otr|www)\.cypherpunks\.ca\/(?:otr\/)?[>)]/g;
const OTR_SITE = /https?:\/\/(?:otr|www)\.cypherpunks\.ca\/(?:otr\/)?/g;

/** Whether a whole text is a sentence of the list, but for white space, apostrophes and the last full stop. */
export function isFallbackSentence(text: string, names: readonly string[]): boolean {
  if (text.length > SENTENCE_CHARS_MAX) {
    return false;
  }
  const sentence = plain(text);
  if (known.has(sentence)) {
    return true;
  }
  const offer = sentence.replace(OTR_LINK, '').replace(OTR_SITE, 'otr.cypherpunks.ca');
  return (
    known.has(offer) ||
    names.some((name) => offer.startsWith(`${name} `) && known.has(`%${offer.slice(name.length)}`))
  );
}

function plain(text: string): string {
  return text.replaceAll('’', "'").replace(/\s+/g, ' ').trim().replace(/\.$/, '');
}
