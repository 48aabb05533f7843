const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Has `clean` run before Ctrl-C or SIGTERM ends the process as ever. @returns takes it back */
export function beforeInterrupt(clean: () => void): () => void {
  const takeBack = () => {
    for (const signal of SIGNALS) process.off(signal, interrupted);
  };
  const interrupted = (signal: NodeJS.Signals) => {
    takeBack();
    clean();
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, interrupted);
  return takeBack;
}
