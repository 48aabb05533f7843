/** Lets what is done under one name be done one after the other, and all else at once. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Settles as `act` does, which begins at once where nothing of this name is under way. */
  async take<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    for (let before = this.#last.get(name); before !== undefined; before = this.#last.get(name))
      await before.catch(() => undefined);
    const doing = act();
    this.#last.set(name, doing);
    try {
      return await doing;
    } finally {
      this.#last.delete(name);
    }
  }

  /** Settles when nothing of this moment is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
