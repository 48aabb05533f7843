import { readFileSync } from 'node:fs';
import { valueAt } from '../../config/key-path.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { schema } from '../../config/schema.ts';
import { REPORTED_SCORE } from '../../filters/bayes/reported.ts';
import { UNITS } from '../../model/unit.ts';
import { scoreOptions } from '../../pipeline/options.ts';
import { bounded } from '../../pipeline/score.ts';
import { type Finding, findingAbout } from './finding.ts';
import { someCallerMay } from './rights.ts';

/** Descriptors beside connections: store, log, listeners, metrics, Node's own. */
const SPARE_FILES = 64;

/** Values that are allowed and do not do here what they say. */
export function checkValues(loaded: LoadedConfig): Finding[] {
  return [
    ...variableFindings(loaded),
    ...rightFindings(loaded),
    ...fileFindings(loaded),
    ...ttlFindings(loaded),
    ...reportedFindings(loaded),
  ];
}

function variableFindings({ unused }: LoadedConfig): Finding[] {
  return unused.map(({ name, nearest }) => ({
    level: 'hint',
    about: name,
    text:
      nearest === undefined
        ? 'The variable sets no key. Remove it, if it was meant for Providence.'
        : `The variable sets no key; did you mean ${nearest}? Tables and key are joined by two underscores.`,
  }));
}

function rightFindings(loaded: LoadedConfig): Finding[] {
  if (someCallerMay(loaded.config, 'check')) return [];
  const text =
    'No listener has the right `check`, so nobody can have a stanza judged. Add it to the rights of one.';
  return [findingAbout('hint', 'listen.unix', loaded, text)];
}

function fileFindings(loaded: LoadedConfig): Finding[] {
  const { connections_max: connections } = loaded.config.limits;
  const files = filesMax();
  if (files === undefined || connections + SPARE_FILES <= files) return [];
  const text = `${connections} connections are allowed, but a process started here may open only ${files} files. Raise that limit (ulimit -Hn; LimitNOFILE= of systemd) to ${connections + SPARE_FILES}, or lower this one.`;
  return [findingAbout('hint', 'limits.connections_max', loaded, text)];
}

/** The hard limit of open files, which Node makes its own (proc(5), `limits`); undefined where the system does not tell. */
function filesMax(): number | undefined {
  try {
    const found = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** Where to keep an opinion pays was measured; the defaults say which: docs/decisions/0003. */
function ttlFindings(loaded: LoadedConfig): Finding[] {
  const defaults = schema.parse({});
  return UNITS.flatMap((unit) => {
    const key = `cache.${unit}.ttl_seconds`;
    const [value, usual] = [valueAt(loaded.config, key), valueAt(defaults, key)];
    if ((value === 0) === (usual === 0)) return [];
    const text =
      value === 0
        ? `Every opinion of ${unit} is made anew, which costs more than to keep it. Remove the key; ${usual} is the default.`
        : `To keep an opinion of ${unit} costs more than to make it anew. Remove the key; 0 is the default.`;
    return [findingAbout('hint', key, loaded, text)];
  });
}

/** By the defaults a text that was reported is spam whatever other units say. */
function reportedFindings(loaded: LoadedConfig): Finding[] {
  const { weights, caps, spamThreshold } = scoreOptions(loaded.config);
  const points = bounded(weights['bayes.reported'] * REPORTED_SCORE, caps.reported);
  const against = [caps.bayes, caps.karma, caps.auth, caps.pow].reduce((sum, { ham }) => sum + ham, 0);
  if (points === 0 || points - against >= spamThreshold) return [];
  const text = `A reported text gets ${points.toFixed(1)} points, of which other groups may take away ${against}: it may come again and be no spam. Raise groups.reported.cap_spam and bayes.reported.weight.`;
  return [findingAbout('hint', 'groups.reported.cap_spam', loaded, text)];
}
