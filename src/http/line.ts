/** Waits for its turn in the order of arrival; how many may wait follows from how fast it goes. */
export interface Line {
  /** Resolves in its turn. */
  wait(): Promise<void>;
  readonly length: number;
  /** As many as have their turn within the time that somebody may wait. */
  readonly most: number;
  /** There may be a turn that was not there before. */
  readonly move: () => void;
}

/** From so many on, what goes is limited by what can be done, and no longer by who comes. */
const busy = 8;
const windowMillis = 250;
/** However slow it goes: to wait a little longer is better than to come again. */
const alwaysMayWait = 48;

/** Turns of the event loop that go to those who connect, at most, before somebody has his turn again. */
const courtesy = 8;

/**
 * One turn in each turn of the event loop: in between, everything that came is read, so that whoever cannot
 * be served is told at once. Were it begun as it is read, requests would wait in the sockets, where nobody
 * counts them. A turn in which somebody connected begins nothing: libuv accepts one connection in each
 * (since 1.45), and in a flood hundreds would wait for seconds, with the next device behind them.
 *
 * @param options.mayBegin asked before each turn; `move` says when the answer may have changed
 * @param options.connected how many have connected so far
 */
export function createLine({
  mayBegin,
  connected,
  waitMillis,
  now = () => performance.now(),
}: {
  readonly mayBegin: () => boolean;
  readonly connected: () => number;
  readonly waitMillis: number;
  readonly now?: () => number;
}): Line {
  const waiting: (() => void)[] = [];
  let seen = 0;
  let stoodBack = 0;
  let scheduled = false;
  let perMilli: number | undefined;
  let window: { readonly since: number; begun: number } | undefined;

  function move(): void {
    if (scheduled || waiting.length === 0 || !mayBegin()) return;
    scheduled = true;
    setImmediate(turn);
  }

  function turn(): void {
    if (standsBack()) {
      setImmediate(turn);
      return;
    }
    scheduled = false;
    waiting.shift()?.();
    measure();
    move();
  }

  function standsBack(): boolean {
    const count = connected();
    const isNew = count !== seen;
    seen = count;
    stoodBack = isNew && stoodBack < courtesy ? stoodBack + 1 : 0;
    return stoodBack > 0;
  }

  function measure(): void {
    if (window) {
      window.begun += 1;
      const millis = now() - window.since;
      if (millis >= windowMillis) {
        const seen = window.begun / millis;
        perMilli = perMilli === undefined ? seen : (perMilli + seen) / 2;
        window = undefined;
      }
    }
    if (waiting.length < busy) window = undefined;
    else window ??= { since: now(), begun: 0 };
  }

  return {
    wait: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        move();
      }),
    move,
    get length() {
      return waiting.length;
    },
    get most() {
      return Math.max(alwaysMayWait, Math.round((perMilli ?? 0) * waitMillis));
    },
  };
}
