import { type FixtureRun, type Judged, runFixtures } from './fixture-run.ts';

/**
 * Prints how the project's own stanzas fare at default settings. Arguments: files to train with first. These figures prove that
 * the parts are joined; accuracy is quoted from corpora (docs/corpora.md).
 */
async function main(train: readonly string[]): Promise<void> {
  const run = await runFixtures({ train });
  const line = (what: string, part: number, whole: number, wanted: string) => {
    const percent = ((100 * part) / whole).toFixed(1).padStart(5);
    print(`${what.padEnd(40)}${String(part).padStart(4)} of ${whole}  ${percent} %  wanted: ${wanted}`);
  };
  const count = (judged: readonly Judged[], ...verdicts: string[]) =>
    judged.filter(({ verdict }) => verdicts.includes(verdict.verdict)).length;
  line('ham that is spam', count(run.ham, 'spam'), run.ham.length, 'none');
  line('spam that is spam', count(run.spam, 'spam'), run.spam.length, '40 % or more');
  line('spam that is not ham', count(run.spam, 'spam', 'unsure'), run.spam.length, '80 % or more');
  line('ham that is spam after the reports', count(run.hamAfter, 'spam'), run.hamAfter.length, 'none');
  line('copies of the reported that are spam', count(run.copies, 'spam'), run.copies.length, '95 % or more');
  print('');
  for (const { fixture, verdict } of missesOf(run))
    print(`${fixture.file.padEnd(36)}${verdict.score.toFixed(1).padStart(6)}  ${reasonOf(verdict)}`);
}

function missesOf({ ham, hamAfter, copies }: FixtureRun): Judged[] {
  const isSpam = ({ verdict }: Judged) => verdict.verdict === 'spam';
  return [...ham.filter(isSpam), ...hamAfter.filter(isSpam), ...copies.filter((one) => !isSpam(one))];
}

function reasonOf({ verdict, abstained }: Judged['verdict']): string {
  const why = abstained.get('bayes.server');
  return why === undefined ? verdict : `${verdict}, bayes.server=${why}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

// `npm run fixtures | head`: nobody reads any more.
process.stdout.on('error', () => process.exit());
await main(process.argv.slice(2));
