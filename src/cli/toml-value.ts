/** A value in TOML 1.0 on one line; tables are inline tables. JSON's strings are TOML's, but for U+007F. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([name, item]) => `${name} = ${toml(item)}`);
    return `{ ${pairs.join(', ')} }`;
  }
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}
