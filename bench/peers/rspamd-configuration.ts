/** Sockets, in the folder of the run. */
export const SOCKETS = { redis: 'redis.sock', learn: 'learn.sock', judge: 'judge.sock' } as const;

/** So large that the six decimals of a score, as rspamd prints it, are fifteen digits. */
const WEIGHT = 1_000_000_000;

/**
 * A configuration with nothing in it but the Bayes classifier, and everything in one folder. Nothing asks the network: no rule is
 * loaded, and the name server is a closed port of this machine.
 *
 * By default it wants 200 messages of each class, 11 tokens of a message and a token learnt twice: here one of each, for texts are short.
 * Languages are not told: it draws the words to tell them by at random, so that no run would be like another, and worse.
 */
export function rspamdConfiguration(dir: string): string {
  return `
lang_detection { languages = "${dir}/no-languages"; }
options {
  filters = ""; disable_hyperscan = true; rrd = ""; history_file = "";
  dns { nameserver = ["127.0.0.1:1"]; timeout = 0.1s; retransmits = 1; }
  tempdir = "${dir}"; hs_cache_dir = "${dir}"; pidfile = "${dir}/rspamd.pid"; stats_file = "${dir}/stats";
  control_socket = "${dir}/control.sock mode=0600"; url_tld = "${dir}/tld";
}
logging { type = "console"; level = "warning"; }
worker "controller" { bind_socket = "${dir}/${SOCKETS.learn} mode=0600"; count = 1; }
worker "normal" { bind_socket = "${dir}/${SOCKETS.judge} mode=0600"; count = 1; }
classifier "bayes" {
  tokenizer { name = "osb"; } backend = "redis"; servers = "${dir}/${SOCKETS.redis}"; new_schema = true;
  min_learns = 1; min_tokens = 1; min_token_hits = 1;
  statfile { symbol = "BAYES_HAM"; spam = false; } statfile { symbol = "BAYES_SPAM"; spam = true; }
}
group "statistics" { symbols = { "BAYES_SPAM" { weight = ${WEIGHT}; } "BAYES_HAM" { weight = -${WEIGHT}; } } }
actions { reject = 1e12; }
`;
}
