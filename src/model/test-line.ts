/** SpamAssassin's GTUBE line, and one of our own for servers that already filter that. */
export const TEST_LINES = [
  'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X',
  'PROVIDENCE-TEST-SPAM-7c3f1e9a52d84b06a1e5f0936bd2c847',
] as const;

export function holdsTestLine(text: string): boolean {
  return text.includes(TEST_LINES[0]) || text.includes(TEST_LINES[1]);
}
