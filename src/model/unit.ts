/** The units of the pipeline, in the order in which verdicts list them and traces keep their scores. */
export const UNITS = [
  'bayes.server',
  'bayes.user',
  'linear.server',
  'karma.jid_rate',
  'auth.stream',
  'bayes.reported',
] as const;
/** Name of a unit: its family (`bayes`, `linear`, `karma`, `auth`), a dot, what it looks at. */
export type UnitName = (typeof UNITS)[number];
