import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { valueAt } from '../../config/key-path.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { UNITS, type UnitName } from '../../model/unit.ts';
import { type Finding, findingAbout } from './finding.ts';
import { someCallerMay } from './rights.ts';

/** Something without which a unit abstains. */
interface Need {
  /** Whether it is there, as far as the configuration and the files of this machine tell. */
  readonly look: (config: Config) => 'there' | 'missing' | 'unknown';
  /** What does not work without it, and what to do. */
  readonly advice: (config: Config) => string;
}

const LESSONS: Need = {
  look: ({ store }) => (existsSync(join(store.directory, 'data.mdb')) ? 'there' : 'missing'),
  advice: ({ bayes }) =>
    `Nothing is taught yet; it abstains until it knows ${bayes.server.lessons_min} spam and ${bayes.server.lessons_min} ham. Teach it: providence train FILE`,
};

const REPORTS: Need = {
  look: (config) => (someCallerMay(config, 'learn') ? 'unknown' : 'missing'),
  advice: (config) =>
    someCallerMay(config, 'learn')
      ? `It judges for users who have taught ${config.bayes.user.lessons_min} spam and ${config.bayes.user.lessons_min} ham: the server's module must send their reports (TELL), and the recipient with each CHECK (To).`
      : 'No listener has the right `learn`, so no report of a user arrives. Add it to the rights of the one that the XMPP server uses.',
};

const STREAM_FACTS: Need = {
  look: () => 'unknown',
  advice: () =>
    "It judges what the server's module tells of the stream (Peer-TLS, Peer-Auth). Whether it does: providence stats, the abstentions with no-facts.",
};

/** What each unit needs beside the stanza and its sender. */
const NEEDS: Readonly<Record<UnitName, readonly Need[]>> = {
  'bayes.server': [LESSONS],
  'bayes.user': [REPORTS],
  'karma.jid_rate': [],
  'auth.stream': [STREAM_FACTS],
};

/** Units that cannot work here, or are switched off, or of which that cannot be seen from here. */
export function checkUnits(loaded: LoadedConfig): Finding[] {
  return UNITS.flatMap((unit) =>
    valueAt(loaded.config, `${unit}.weight`) === 0 ? [switchedOff(unit, loaded)] : needFindings(unit, loaded),
  );
}

function switchedOff(unit: UnitName, loaded: LoadedConfig): Finding {
  const text = `The unit is switched off by a weight of 0. Remove the key to have it judge again.`;
  return findingAbout('hint', `${unit}.weight`, loaded, text);
}

function needFindings(unit: UnitName, { config }: LoadedConfig): Finding[] {
  return NEEDS[unit].flatMap(({ look, advice }) => {
    const found = look(config);
    if (found === 'there') return [];
    return [{ level: found === 'missing' ? 'hint' : 'note', about: unit, text: advice(config) }] as const;
  });
}
