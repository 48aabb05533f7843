/** On a machine as busy as a CI may be; nothing that comes takes nearly as long. */
const PATIENCE_MS = 20_000;
const STEP_MS = 5;

/** Settles when it is so; asked again every few milliseconds. @throws Error where it does not come about */
export async function until(isSo: () => boolean | Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`it never came about: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
