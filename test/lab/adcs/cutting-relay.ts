/** A TCP relay before a server of the lab that cuts a connection at a chosen step. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface CuttingRelay {
  readonly port: number;
  /** Pieces that passed since the last `cutAt`, in both directions. */
  readonly passed: number;
  /** The connections end for good before this piece passes, counted from 1; Infinity: never. */
  cutAt(piece: number): void;
  close(): Promise<void>;
}

export async function startCuttingRelay(host: string, port: number): Promise<CuttingRelay> {
  let passed = 0;
  let last = Infinity;
  const sockets = new Set<Socket>();

  function pour(from: Socket, to: Socket): void {
    from.on('data', (piece: Buffer) => {
      passed += 1;
      if (passed < last) to.write(piece);
      else for (const socket of sockets) socket.destroy();
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => sockets.delete(from));
  }

  const server = createServer((client) => {
    if (passed + 1 >= last) return void client.destroy();
    const target = connect({ host, port, noDelay: true });
    for (const socket of [client, target]) sockets.add(socket);
    pour(client, target);
    pour(target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get passed() {
      return passed;
    },
    cutAt(piece) {
      for (const socket of sockets) socket.destroy();
      passed = 0;
      last = piece;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
