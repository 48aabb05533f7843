import type { Config } from './config/schema.ts';
import { storeBounds } from './reloadables.ts';
import type { StoreLog, StoreOptions } from './store/options.ts';
import { loadOrCreateSecret, loadSecret } from './store/secret.ts';
import { starterOrNone } from './store/starter.ts';

/**
 * What the configuration says of the store, for whoever opens it.
 * @param secret `made`: one that is missing is made, where there is no store. @throws StartError
 */
export function storeOptions(config: Config, log: StoreLog, secret: 'made' | 'there'): StoreOptions {
  const { store, bayes, cache } = config;
  return {
    ...storeBounds(config),
    dir: store.directory,
    secret:
      secret === 'made'
        ? loadOrCreateSecret(store.secret_file, store.directory)
        : loadSecret(store.secret_file),
    now: Date.now,
    log,
    serverTokensMax: bayes.server.tokens_max,
    starter: starterOrNone(bayes.starter, log),
    tracedPairsMax: config.learn.pairs_max,
    userTokensMax: bayes.user.tokens_max,
    userCacheBytesMax: bayes.user.cache_bytes_max,
    reportedTextsMax: bayes.reported.texts_max,
    factRecordsMax: cache.records_max,
    mapBytesMax: store.map_bytes_max,
    sync: store.sync,
  };
}
