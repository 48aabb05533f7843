import type { LoadedConfig } from '../config/load.ts';
import { ConfigError } from '../errors.ts';
import type { Finding } from './checks/finding.ts';
import { checkPlaces } from './checks/places.ts';
import { checkSecrets } from './checks/secrets.ts';
import { checkUnits } from './checks/units.ts';
import { checkValues } from './checks/values.ts';
import { tableLines } from './columns.ts';
import { paint } from './paint.ts';

/** What is to be said of a configuration on this machine. */
export interface Report {
  /** Undefined: the built-in defaults. */
  readonly file: string | undefined;
  /** False: the daemon would not start with it. */
  readonly usable: boolean;
  readonly findings: readonly Finding[];
}

/** Looks at a configuration and what it names. It starts nothing, makes no file, and asks nobody over a socket. */
export function checkConfig(loaded: LoadedConfig, now: number): Report {
  const found = [
    ...checkPlaces(loaded),
    ...checkSecrets(loaded, now),
    ...checkValues(loaded),
    ...checkUnits(loaded),
  ];
  const findings = (['problem', 'hint', 'note'] as const).flatMap((level) =>
    found.filter((finding) => finding.level === level),
  );
  return { file: loaded.path, usable: findings[0]?.level !== 'problem', findings };
}

/** A file that cannot even be read as a configuration. @throws what is no fault of the file */
export function brokenConfig(file: string | undefined, error: unknown): Report {
  if (!(error instanceof ConfigError)) throw error;
  return { file, usable: false, findings: [{ level: 'problem', text: error.message }] };
}

const STYLES = { problem: 'red', hint: 'yellow', note: 'dim' } as const;

/** The report for people: what it is, then a row for each finding. */
export function reportText({ file, usable, findings }: Report): string {
  const name = file ?? 'There is no file; the built-in defaults';
  const count = findings.filter(({ level }) => level === 'problem').length;
  const verdict = usable
    ? 'can be used.'
    : `cannot be used here: ${count} ${count === 1 ? 'problem' : 'problems'}.`;
  const head = file === undefined ? `${name} ${usable ? 'hold.' : verdict}` : `${name}: ${verdict}`;
  const rows = tableLines(findings.map((finding) => [finding.level, sentenceOf(finding)]));
  const painted = rows.map((row) =>
    row.replace(/^(?:problem|hint|note)\b/, (level) => paint(STYLES[level as Finding['level']], level)),
  );
  return [head, ...painted].join('\n');
}

function sentenceOf({ about, place, text }: Finding): string {
  if (about === undefined) return text;
  return `${about}${place === undefined ? '' : ` (${place})`}: ${text}`;
}
