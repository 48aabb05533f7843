/** What a fact record is about. `text` holds cached opinions on a text; the rest are parties of a stanza. */
export const SUBJECT_KINDS = ['text', 'jid', 'domain', 'ip', 'network', 'user', 'pair'] as const;
export type SubjectKind = (typeof SUBJECT_KINDS)[number];
