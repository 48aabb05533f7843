import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { valueAt } from '../../config/key-path.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { UNITS, type UnitName } from '../../model/unit.ts';
import { loadStarter, StarterError } from '../../store/starter.ts';
import { type Finding, findingAbout } from './finding.ts';
import { someCallerMay } from './rights.ts';

/**
 * Something without which a unit abstains: what does not work for want of it, and what to do. A hint where the configuration
 * and the files of this machine show that it is missing, a note where they cannot tell, undefined where it is there.
 */
type Need = (config: Config) => Pick<Finding, 'level' | 'text'> | undefined;

/** Text is judged by the starter table or by what was taught. */
const knownWords: Need = ({ bayes, store }) => {
  const fault = starterFault(bayes.starter);
  if (fault !== undefined)
    return { level: 'hint', text: `${fault} Without it text counts once lessons are taught.` };
  if (bayes.starter.strength > 0 || existsSync(join(store.directory, 'data.mdb'))) return undefined;
  const { lessons_min: lessons } = bayes.server;
  return {
    level: 'hint',
    text: `Nothing is taught yet, and there is no starter table: it abstains until it knows ${lessons} spam and ${lessons} ham. Teach it: providence train FILE`,
  };
};

function starterFault(starter: Config['bayes']['starter']): string | undefined {
  try {
    loadStarter(starter);
    return undefined;
  } catch (error) {
    if (error instanceof StarterError) return error.message;
    throw error;
  }
}

const NO_REPORTS = {
  level: 'hint',
  text: 'No listener has the right `learn`, so no report of a user arrives. Add it to the rights of the one that the XMPP server uses.',
} as const;

const reports: Need = (config) => {
  const { lessons_min: lessons } = config.bayes.user;
  if (someCallerMay(config, 'learn'))
    return {
      level: 'note',
      text: `It judges for users who have taught ${lessons} spam and ${lessons} ham: the server's module must send their reports (TELL), and the recipient with each CHECK (To).`,
    };
  return NO_REPORTS;
};

const complaints: Need = (config) => {
  if (!someCallerMay(config, 'learn')) return NO_REPORTS;
  return {
    level: 'note',
    text: "It knows what users have reported: the server's module must send their reports (TELL), and the recipient with each CHECK (To).",
  };
};

const ownLessons: Need = ({ linear: { server } }) => ({
  level: 'note',
  text: `It judges once ${server.lessons_min} spam and ${server.lessons_min} ham are taught here; the starter table says nothing to it.`,
});

const streamFacts: Need = () => ({
  level: 'note',
  text: "It judges what the server's module tells of the stream (Peer-TLS, Peer-Auth). Whether it does: providence stats, the abstentions with no-facts.",
});

/** What each unit needs beside the stanza and its sender. */
const NEEDS: Readonly<Record<UnitName, readonly Need[]>> = {
  'bayes.server': [knownWords],
  'bayes.user': [reports],
  'linear.server': [ownLessons],
  'karma.jid_rate': [],
  'auth.stream': [streamFacts],
  'bayes.reported': [complaints],
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
  return NEEDS[unit].flatMap((need) => {
    const missing = need(config);
    return missing === undefined ? [] : [{ about: unit, ...missing }];
  });
}
