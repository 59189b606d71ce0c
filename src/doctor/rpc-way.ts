/** The way to a CA service over RPC: name, endpoint mapper, port. */
import type { AdcsRpcConfig } from '../config/index.js';
import { examineName } from './endpoint.js';
import { failed, ok } from './finding.js';
import type { IssuerContext } from './issuer-context.js';

/** `network.name`, `rpc.mapper`, `network.port`. */
export async function examineRpcWay(
  { examination, world, about }: IssuerContext,
  { host, port: fixed }: Pick<AdcsRpcConfig, 'host' | 'port'>,
): Promise<void> {
  await examineName(examination, world, about, host);
  let port = fixed;
  if (fixed === undefined) {
    await examination.check(
      { id: 'rpc.mapper', about, needs: ['network.name'], doing: `asking port 135 of ${host}` },
      async () => {
        const found = await world.mappedPort(host);
        if (found.kind === 'failed') {
          return failed(
            `The endpoint mapper of ${host} does not say where the CA service is: ${found.reason}.`,
            'Check that `host` is the server of the CA (not a domain controller without one), that port 135 is open from here, that the service CertSvc runs, and that InterfaceFlags of the CA do not hold IF_NORPCICERTREQUEST.',
          );
        }
        ({ port } = found);
        return ok(`The endpoint mapper of ${host} knows the CA service, at port ${found.port}.`);
      },
    );
  }
  await examination.check(
    {
      id: 'network.port',
      about,
      needs: ['network.name', 'rpc.mapper'],
      doing: `connecting to ${host}`,
    },
    async () => {
      if (port === undefined) return [];
      const reached = await world.connect(host, port);
      if (reached.kind === 'done') return ok(`Port ${port} of ${host} is open.`);
      return failed(
        `Port ${port} of ${host} cannot be reached: ${reached.reason}.`,
        fixed === undefined
          ? 'Open the dynamic range of the CA (49152 to 65535) for the gateway, or give the CA service a fixed port (dcomcnfg, CertSrv Request, Endpoints) and write it into `port`.'
          : 'Check `port` of the issuer against the fixed endpoint of the CA (dcomcnfg, CertSrv Request, Endpoints), and the firewalls between.',
      );
    },
  );
}

/** Checks of `examineRpcWay` that the CA behind it stands on. */
export const rpcWaySteps: readonly string[] = ['network.name', 'rpc.mapper', 'network.port'];
