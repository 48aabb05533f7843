/** A few bytes that must, or must not, be found in many others. */
export interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Shorter ones are found by chance in a file of some megabytes. */
const BYTES_MIN = 4;

/** Names of those needles that stand anywhere in the haystack, each once. One pass, however many needles there are. */
export function found(haystack: Buffer, needles: readonly Needle[]): string[] {
  const byFirst = new Map<number, Needle[]>();
  for (const needle of needles) {
    if (needle.bytes.length < BYTES_MIN) throw new RangeError(`${needle.name} is too short to look for`);
    const first = needle.bytes.readUInt32LE(0);
    byFirst.set(first, [...(byFirst.get(first) ?? []), needle]);
  }
  const names = new Set<string>();
  for (let at = 0; at + BYTES_MIN <= haystack.length; at++) {
    for (const { name, bytes } of byFirst.get(haystack.readUInt32LE(at)) ?? [])
      if (haystack.compare(bytes, 0, bytes.length, at, at + bytes.length) === 0) names.add(name);
  }
  return [...names];
}

/** A text as it may lie in a file. */
export function spelled(text: string): Needle[] {
  const forms: [string, Buffer][] = [
    ['UTF-8', Buffer.from(text)],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['capitals', Buffer.from(text.toUpperCase())],
    ['hex', Buffer.from(Buffer.from(text).toString('hex'))],
  ];
  return forms.map(([form, bytes]) => ({ name: `${text} in ${form}`, bytes }));
}
