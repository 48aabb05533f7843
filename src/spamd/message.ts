import type { XMLElement } from '../model/xml.ts';
import { decodeWords, plainText } from '../text/mime.ts';
import { mailHeadEnd } from './mail-head.ts';

/** The body begins as a stanza does; `<3` and the like is text. An XML declaration is refused with it, by name. */
const STANZA = /^[ \t\r\n]{0,64}<(?:message|presence|iq|\?xml)[\s/>]/;
const START_BYTES = 96;
const SUBJECT = /^subject:/i;
/** Mail of more lines is not taken apart, and a longer subject not decoded: they are judged as they are. */
const MAIL_LINES_MAX = 10_000;
const SUBJECT_CHARS_MAX = 4_096;

/** Whether a body is an XMPP stanza, judged as in PNP. */
export function isStanza(body: Buffer): boolean {
  return STANZA.test(body.toString('latin1', 0, START_BYTES));
}

/**
 * What is judged of a body that is no stanza: a message of an unknown sender [PNP-10.3]. Of mail its subject and its plain text,
 * or all that is below the head where it has none; of all else the whole text. Undefined for a stanza, which the verbs read.
 */
export function stanzaOf(body: Buffer): XMLElement | undefined {
  if (isStanza(body)) return undefined;
  const raw = body.toString('latin1');
  const headEnd = mailHeadEnd(raw);
  if (headEnd === 0) return messageOf('', body.toString('utf8'));
  const subject = subjectOf(raw.slice(0, headEnd));
  const lines = raw.split(/\r?\n/, MAIL_LINES_MAX + 1);
  const text = lines.length > MAIL_LINES_MAX ? '' : plainText(lines);
  return messageOf(
    subject.length > SUBJECT_CHARS_MAX ? subject : decodeWords(subject),
    text === '' ? body.toString('utf8', headEnd) : text,
  );
}

/** All of them, one a line: which one a client shows is not known. */
function subjectOf(head: string): string {
  const subjects = head
    .replace(/\r?\n[ \t]/g, ' ')
    .split(/\r?\n/)
    .filter((line) => SUBJECT.test(line));
  return subjects.map((line) => line.replace(SUBJECT, '').trim()).join('\n');
}

function messageOf(subject: string, body: string): XMLElement {
  return element('message', [element('subject', [subject]), element('body', [body])]);
}

function element(name: string, children: XMLElement['children']): XMLElement {
  return { name, ns: 'jabber:client', attributes: [], children };
}
