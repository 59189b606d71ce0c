import type { Notice } from '../issuer/index.js';

/** What an issuer has to say between two rounds of upkeep, heard from the moment somebody listens. */
export class NoticeBoard {
  #listener: ((issuer: string, notice: Notice) => void) | undefined;
  #early: [string, Notice][] = [];

  post(issuer: string, notice: Notice): void {
    if (this.#listener) this.#listener(issuer, notice);
    else this.#early = [...this.#early, [issuer, notice] as [string, Notice]].slice(-mostEarly);
  }

  /** Hears at once what was posted before. */
  listen(listener: (issuer: string, notice: Notice) => void): void {
    this.#listener = listener;
    for (const [issuer, notice] of this.#early.splice(0)) listener(issuer, notice);
  }
}

const mostEarly = 100;
