import { GatewayError } from '../errors/index.js';
import { createLine } from './line.js';
import { createShares } from './shares.js';

export interface OperationGate {
  /**
   * Why `run` would not let this caller in now. Nothing is taken: asked before anything is read or computed.
   * @returns `http.overload`; undefined while there is a place
   */
  refusal(caller: string): GatewayError | undefined;
  /**
   * @param caller whose operation it is
   * @throws GatewayError as `refusal` gives it, before `work` is begun
   */
  run<T>(caller: string, work: () => Promise<T>): Promise<T>;
  /** Let in and not answered yet. */
  readonly inWork: number;
  /** Of these, those that have not begun. */
  readonly inLine: number;
}

/** What waits for private keys of this process, counted in uses of a key: a token has its own queue. */
interface KeyQueue {
  readonly waiting: number;
  /** Tells whenever a use of a key is over. */
  onDone(listener: () => void): void;
}

export interface OperationGateOptions {
  /** Operations in work at once, those in line and those that wait for a CA or a disk included. */
  readonly places: number;
  /** How long an operation may wait in line; without it each is begun at once. */
  readonly lineMillis?: number;
  /** Told whose operation was refused. */
  readonly refused: (caller: string) => void;
  readonly keys?: KeyQueue | undefined;
  /** How many have connected so far. Default: nobody counts. */
  readonly connected?: () => number;
}

/** Keeps every core busy. */
const keyUsesAhead = 16;

/**
 * Who comes when all places are taken, or when more is in line than can be begun in time, is told so at
 * once, before any work is done for him. Places are shared as `createShares` says.
 */
export function createOperationGate(options: OperationGateOptions): OperationGate {
  const { places, lineMillis, refused, keys, connected = () => 0 } = options;
  const shares = createShares(places);
  const line =
    lineMillis === undefined
      ? undefined
      : createLine({
          mayBegin: () => (keys?.waiting ?? 0) < keyUsesAhead,
          connected,
          waitMillis: lineMillis,
        });
  if (line) keys?.onDone(line.move);
  // The same for all: in a flood even to make an error costs something.
  const overload = new GatewayError('http.overload', 'Too many operations at once.', {
    mend: 'Try again in a few seconds.',
  });

  function hasPlace(caller: string): boolean {
    if (!shares.has(caller)) return false;
    return !line || shares.leaves(caller, line.most - line.length, line.length);
  }

  function refusal(caller: string): GatewayError | undefined {
    if (hasPlace(caller)) return undefined;
    refused(caller);
    return overload;
  }

  return {
    refusal,
    async run(caller, work) {
      const refused = refusal(caller);
      if (refused) throw refused;
      const leave = shares.take(caller);
      try {
        await line?.wait();
        return await work();
      } finally {
        leave();
      }
    },
    get inWork() {
      return shares.taken;
    },
    get inLine() {
      return line?.length ?? 0;
    },
  };
}
