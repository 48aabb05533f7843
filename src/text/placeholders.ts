/**
 * What cleaning leaves in the place of a private string: evidence without being private. In a cleaned text each is one
 * control character, which no normalised text holds, so that nobody can write a placeholder into a message.
 */
export const PLACEHOLDERS = [
  'phone',
  'card',
  'iban',
  'email',
  'url',
  'key',
  'code',
  'digits4',
  'digits5',
  'digits6',
  'digits7',
  'digits8',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** First control character in use, behind tab, line feed and their kin. */
export const PLACEHOLDERS_START = 0x0e;
export const PLACEHOLDERS_END = PLACEHOLDERS_START + PLACEHOLDERS.length;

/** The control character that stands for a placeholder. */
export function markOf(placeholder: Placeholder): string {
  return String.fromCharCode(PLACEHOLDERS_START + PLACEHOLDERS.indexOf(placeholder));
}

/** A cleaned text as a human reads it: `call <phone>`. */
export function spelledOut(cleaned: string): string {
  let spelled = '';
  for (const character of cleaned) {
    const name = PLACEHOLDERS[character.charCodeAt(0) - PLACEHOLDERS_START];
    spelled += name === undefined ? character : `<${name}>`;
  }
  return spelled;
}
