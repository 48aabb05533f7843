import type { CommandModule } from 'yargs';
import { bayesDump } from './bayes-dump.ts';
import { bayesPrune } from './bayes-prune.ts';
import { bayesRestore } from './bayes-restore.ts';
import { bayesStats } from './bayes-stats.ts';

export const bayes: CommandModule = {
  command: 'bayes',
  describe: 'What was taught: counts, a copy in a file, and back, and less of it',
  builder: (yargs) =>
    yargs
      .command(bayesStats)
      .command(bayesDump)
      .command(bayesRestore)
      .command(bayesPrune)
      .demandCommand(1, "Name what to do: 'providence bayes --help' lists it.")
      .epilogue(
        'They speak to the daemon, on the socket of the operator. Where none runs, they open the store themselves, as ' +
          'the user that owns it.',
      ),
  handler: () => undefined,
};
