import { boundsText, defaultText, typeText } from '../cli/key-facts.ts';
import { variableOf } from '../config/environment.ts';
import { describeKeys, describeTables, type KeyDescription } from '../config/key-path.ts';

const HEAD = `# Configuration

Every key, from the schema by \`npm run docs\`. One file, \`/etc/providence/providence.toml\`, or \`--config FILE\`, or
\`$PROVIDENCE_CONFIG\`; every key has a default, an unknown one is an error. Relative paths are taken from the file's directory.

- \`providence config check\` says whether a file can be used here, and which units cannot work.
- \`providence config explain KEY\` says where the value in force comes from; \`providence config show\` shows all.
- An environment variable goes before the file: \`PROVIDENCE_THRESHOLDS__SPAM=6\`, tables and key joined by two underscores. Its
  value is TOML, or else a text.
- **Live** keys follow a reload; **restart** keys are read once, at the start.

The file that packages install, with every key: [packaging/providence.toml](../packaging/providence.toml).`;

/** The reference of all keys, docs/configuration.md, as Markdown. */
export function configurationPage(): string {
  const keys = describeKeys();
  const root = keys.filter(({ key }) => !key.includes('.')).map(keySection);
  const tables = describeTables().flatMap(({ key: table, prose }) => {
    const own = keys.filter(({ key }) => key.slice(0, key.lastIndexOf('.')) === table);
    const heading = `## \`[${table}]\`\n\n${prose}`;
    return own.length === 0 ? [] : [heading, ...own.map(keySection)];
  });
  return `${[HEAD, ...root, ...tables].join('\n\n')}\n`;
}

function keySection(description: KeyDescription): string {
  const { key, prose, entry = [], restart } = description;
  const facts = [
    ...valueFacts(description),
    `default ${defaultText(description, code)}`,
    restart ? 'restart' : 'live',
    code(variableOf(key.split('.'))),
  ];
  return `### ${code(key)}\n\n${prose}\n\n${facts.join(' · ')}${entryTable(entry)}`;
}

function entryTable(entry: readonly KeyDescription[]): string {
  if (entry.length === 0) return '';
  const rows = entry.map((inner) =>
    [code(inner.key), inner.prose, valueFacts(inner).join(', '), defaultText(inner, code), changeOf(inner)]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  const head = ['| in an entry | | | default | a change |', '| --- | --- | --- | --- | --- |'];
  return `\n\n${[...head, ...rows.map((row) => `| ${row} |`)].join('\n')}`;
}

function changeOf({ restart, restartToSwitch }: KeyDescription): string {
  if (restart) return 'restart';
  return restartToSwitch === true ? 'live; from or to empty: restart' : 'live';
}

function valueFacts(description: KeyDescription): string[] {
  const bounds = boundsText(description);
  return bounds === undefined ? [typeText(description)] : [typeText(description), bounds];
}

function code(text: string): string {
  return `\`${text}\``;
}
