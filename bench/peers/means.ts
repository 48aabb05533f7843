import { meanFigures } from '../eval/figures.ts';
import { MEAN_COUNT, MEAN_OF } from '../eval/row-report.ts';
import type { Measured, Result } from './measure.ts';

/** Of each filter that judged all videos of YouTube, the mean of their figures: one video is noise. */
export function means(results: readonly Result[]): Measured[] {
  const measured = results.filter((one): one is Measured => 'figures' in one && one.row.startsWith(MEAN_OF));
  const peers = new Set(measured.map(({ peer }) => peer));
  return [...peers].flatMap((peer) => {
    const own = measured.filter((one) => one.peer === peer);
    if (own.length !== MEAN_COUNT) return [];
    const sum = (pick: (one: Measured) => number) => own.reduce((total, one) => total + pick(one), 0);
    return {
      row: `${MEAN_OF}mean`,
      peer,
      n_train: sum(({ n_train }) => n_train),
      seconds: sum(({ seconds }) => seconds),
      figures: meanFigures(own.map(({ figures }) => figures)),
    };
  });
}
