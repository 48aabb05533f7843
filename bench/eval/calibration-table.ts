import { BINS, type Calibration, type CalibrationReport, ERROR_MAX } from './calibration.ts';
import { fixed } from './print.ts';

/** For people, at most 80 columns wide. */
export function renderCalibration(report: CalibrationReport): string {
  const { own_mix, at_5_pct_as_told, at_5_pct_corrected, by_row, met } = report;
  const line = (name: string, { spam_share, expected_error }: Calibration) =>
    `  ${name.padEnd(44)}${fixed(100 * spam_share, 1).padStart(6)} % spam${fixed(expected_error, 4).padStart(10)}`;
  return [
    `calibration of ${own_mix.messages} messages: expected error of the probability, ${BINS} equal bins`,
    `${line("the corpora's own mix", own_mix)}  ${met ? '✔' : '✘'} <= ${ERROR_MAX}`,
    line('weighed, as told', at_5_pct_as_told),
    line('weighed, corrected for the mix', at_5_pct_corrected),
    ...Object.entries(by_row).map(([name, error]) => `  ${name.padEnd(57)}${fixed(error, 4).padStart(10)}`),
    '',
    "reliability at the corpora's own mix",
    `  ${['told', 'spam', 'messages'].map((head) => head.padStart(10)).join('')}`,
    ...own_mix.bins.map(({ mean_probability, spam_share, messages }) => {
      const cells = [fixed(mean_probability, 3), fixed(spam_share, 3), String(messages)];
      return `  ${cells.map((cell) => cell.padStart(10)).join('')}`;
    }),
  ].join('\n');
}
