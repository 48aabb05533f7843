export type Label = 'spam' | 'ham';

/** One text of a corpus; the label is undefined where its source names none. */
export interface CorpusText {
  readonly label: Label | undefined;
  readonly text: string;
}

/** A row of a TSV: its label is known, and what its second column says. */
export type CorpusRow = CorpusText & { readonly label: Label; readonly lang: string };

const ROW = /^(ham|spam)\t([^\t]{0,64})\t([^\t]*)$/;
const ESCAPE = /\\([\\nt])/g;
const MEANING: Readonly<Record<string, string>> = { '\\': '\\', n: '\n', t: '\t' };

/** A row `label<TAB>lang<TAB>text`; in the text `\\`, `\n` and `\t` are escapes. Undefined for any other line. */
export function parseRow(line: string): CorpusRow | undefined {
  const [, label, lang, text] = ROW.exec(line) ?? [];
  if (lang === undefined || text === undefined) return undefined;
  const plain = text.includes('\\') ? text.replace(ESCAPE, (_, letter: string) => MEANING[letter]!) : text;
  return { label: label as Label, lang, text: plain };
}
