import type { CommandModule } from 'yargs';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { ConfigError } from '../errors.ts';
import { explain, findSubject } from './config-explain.ts';
import { configText } from './config-text.ts';
import { CONFIG_OPTION } from './options.ts';
import { print } from './print.ts';

type ConfigArgs = { config: string | undefined };

const configCheck: CommandModule<object, ConfigArgs> = {
  command: 'check',
  describe: 'Say whether the configuration can be used',
  builder: (yargs) =>
    yargs.options(CONFIG_OPTION).example('$0 config check --config new.toml', 'Exit code 78 if it cannot'),
  handler: (args) => {
    const { path } = loadConfig(args.config);
    print(path === undefined ? 'There is no file; the built-in defaults hold.' : `${path}: can be used.`);
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
