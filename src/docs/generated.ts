import { configurationPage } from './configuration-page.ts';
import { shippedConfig } from './shipped-config.ts';

/** Files that are made from the code, by path from the top of the checkout. A test holds that they are current. */
export const GENERATED: ReadonlyMap<string, () => string> = new Map([
  ['docs/configuration.md', configurationPage],
  ['packaging/providence.toml', shippedConfig],
]);
