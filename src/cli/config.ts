import type { CommandModule } from 'yargs';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { ConfigError } from '../errors.ts';
import type { Report } from './config-check.ts';
import { explain, findSubject } from './config-explain.ts';
import { configText } from './config-text.ts';
import { EXIT } from './exit.ts';
import { CONFIG_OPTION } from './options.ts';
import { print, printJSON } from './print.ts';

type ConfigArgs = { config: string | undefined };

const configCheck: CommandModule<object, ConfigArgs & { json: boolean }> = {
  command: 'check',
  describe: 'Say whether the configuration can be used here, and what cannot work',
  builder: (yargs) =>
    yargs
      .options(CONFIG_OPTION)
      .option('json', { type: 'boolean', default: false, describe: 'One JSON object' })
      .epilogue(
        'A problem keeps the daemon from starting, a hint something in it from working; a note is about what cannot be seen ' +
          'from here. It starts nothing, makes no file and uses no network. Run it as the user that runs the daemon.',
      )
      .example('$0 config check --config new.toml', 'Exit code 78 if it cannot'),
  handler: async (args) => {
    // Loaded here: TLS and the store's files are slow to load, and no other command needs them.
    const { brokenConfig, checkConfig, reportText } = await import('./config-check.ts');
    let report: Report;
    try {
      report = checkConfig(loadConfig(args.config), Date.now());
    } catch (error) {
      // A broken file ends the command with its sentence, unless a program asked for an object.
      if (!args.json) throw error;
      report = brokenConfig(args.config, error);
    }
    if (args.json) printJSON(report);
    else print(reportText(report));
    if (!report.usable) process.exitCode = EXIT.config;
  },
};

const configShow: CommandModule<object, ConfigArgs> = {
  command: 'show',
  describe: 'Show every key with its meaning and its value in force',
  builder: (yargs) =>
    yargs.options(CONFIG_OPTION).example('$0 config show > providence.toml', 'A file to start from'),
  handler: (args) => print(configText(loadConfig(args.config).config)),
};

const configExplain: CommandModule<object, ConfigArgs & { key: string }> = {
  command: 'explain <key>',
  describe: 'Say what a key means, and where its value comes from',
  builder: (yargs) =>
    yargs
      .positional('key', { type: 'string', demandOption: true, describe: 'A key or a table' })
      .options(CONFIG_OPTION)
      .example('$0 config explain thresholds.spam', 'One key')
      .example('$0 config explain limits', 'The keys of a table'),
  handler: (args) => {
    const subject = findSubject(args.key);
    let loaded: LoadedConfig | undefined;
    try {
      loaded = loadConfig(args.config);
    } catch (error) {
      // Whoever asks may do so because of the very fault.
      if (error instanceof ConfigError) print(explain(subject, undefined));
      throw error;
    }
    print(explain(subject, loaded));
  },
};

export const config: CommandModule = {
  command: 'config',
  describe: 'Check, show or explain the configuration',
  builder: (yargs) =>
    yargs
      .command(configCheck)
      .command(configShow)
      .command(configExplain)
      .demandCommand(1, 1, "Say what to do: 'config check', 'config show' or 'config explain'."),
  handler: () => undefined,
};
