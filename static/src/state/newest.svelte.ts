// Asks one thing at a time: while an answer is on its way, only the newest wish is kept. Knows no question.

export class Newest {
  busy = $state(false);
  readonly #ask: () => Promise<void>;
  readonly #pause: () => number;
  #again = false;
  #closed = false;

  /** `pause`: milliseconds between an answer and a wish that came by itself. */
  constructor(ask: () => Promise<void>, pause: () => number) {
    this.#ask = ask;
    this.#pause = pause;
  }

  get closed(): boolean {
    return this.#closed;
  }

  async ask(): Promise<void> {
    if (this.busy) {
      this.#again = true;
      return;
    }
    this.busy = true;
    do {
      this.#again = false;
      await this.#ask();
      const pause = this.#again ? 0 : this.#pause();
      if (pause) await new Promise((next) => setTimeout(next, pause));
    } while (this.#again && !this.#closed);
    this.busy = false;
  }

  close(): void {
    this.#closed = true;
  }
}
