import type { CommandModule } from 'yargs';
import { loadConfig } from '../config/load.ts';
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

export const config: CommandModule = {
  command: 'config',
  describe: 'Check or show the configuration',
  builder: (yargs) =>
    yargs
      .command(configCheck)
      .command(configShow)
      .demandCommand(1, 1, "Say what to do: 'config check' or 'config show'."),
  handler: () => undefined,
};
