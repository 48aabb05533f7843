import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ACTIONS, VERDICTS } from '../model/verdict.ts';
import { ANSWER_HEADERS, STATUS, type StatusName, VERBS } from '../pnp/grammar.ts';
import { CliError, cannotRead, EXIT } from './exit.ts';

/** What the fake daemon does with a request: the first rule that fits, else its own friendly answer. */
export type Rule = z.output<typeof rule>;

/** Longest wait before an answer. */
export const DELAY_MS_MAX = 600_000;
const STATUS_NAMES = Object.keys(STATUS) as [StatusName, ...StatusName[]];
const HEADER_NAMES = ANSWER_HEADERS.filter((name) => name !== 'Content-Length' && name !== 'Id');

const rule = z.strictObject({
  verb: z.enum(VERBS).optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  contains: z.string().optional(),
  times: z.number().int().min(1).optional(),
  verdict: z.enum(VERDICTS).optional(),
  action: z.enum(ACTIONS).optional(),
  score: z.number().min(-999).max(999).optional(),
  status: z.enum(STATUS_NAMES).optional(),
  error: z.string().optional(),
  headers: z.partialRecord(z.enum(HEADER_NAMES), z.string()).optional(),
  body: z.string().optional(),
  delay_ms: z.number().int().min(0).max(DELAY_MS_MAX).optional(),
  drop: z.boolean().optional(),
  close: z.boolean().optional(),
  garbage: z.string().optional(),
});

/** The rules of a script, one JSON object a line, as `SCRIPT_HELP` describes them. */
export const SCRIPT_HELP = `A script has one JSON object a line; empty lines and lines that begin with # are skipped. \
The first line that fits a request says what happens. It fits where all of these do that it has: verb, from, to (the header, \
exactly), contains (a part of the body), times (only so often). What happens: delay_ms (wait first), drop (no answer), close \
(cut the connection), garbage (send this text), or an answer made of verdict, action, score, status (EX_TEMPFAIL ...), error \
(word ; sentence), headers, body. Where no line fits, the daemon is friendly: all is ham, all is taught.

Two lines of a script:
  {"contains":"casino","verdict":"spam","delay_ms":50}
  {"verb":"TELL","times":2,"status":"EX_TEMPFAIL","error":"busy ; Try later"}`;

/** @throws CliError 66 where the file cannot be read, 65 for a line that is no rule */
export function readScript(path: string): Rule[] {
  try {
    return parseScript(readFileSync(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw cannotRead(path, cause);
  }
}

/** @param name for errors */
export function parseScript(text: string, name: string): Rule[] {
  const rules: Rule[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const result = rule.safeParse(json(line));
    if (!result.success) {
      const { path = [], message } = result.error.issues[0] ?? { message: 'is no rule' };
      const where = path.length === 0 ? '' : `'${path.join('.')}': `;
      throw new CliError(EXIT.badInput, `${name}: line ${index + 1}: ${where}${message}; see 'fake --help'.`);
    }
    rules.push(result.data);
  }
  return rules;
}

/** A line that is no JSON fails the schema like any other value that is no object. */
function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
