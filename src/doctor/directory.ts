/** Domain controllers that judge the sign-ins of administrators. */
import type { ResolvedConfig } from '../config/index.js';
import { testDirectory } from '../gateway/index.js';
import { readFile } from 'node:fs/promises';
import { examineReach, examineTls, trustChecks } from './endpoint.js';
import type { Examination } from './examination.js';
import { failed, info, ok } from './finding.js';
import type { World } from './world.js';

/** Each server from its name to its certificate, then `directory.account`. */
export async function examineDirectory(
  examination: Examination,
  world: World,
  resolved: ResolvedConfig,
): Promise<void> {
  const { directory } = resolved.config;
  if (!directory) return;
  const { servers, ca, service } = directory;
  const tls = ca === undefined ? {} : { ca: await readFile(ca, 'utf8') };
  for (const server of servers) {
    const { hostname: host, port } = new URL(server);
    const endpoint = { host, port: Number(port || 636) };
    const about = `directory ${server}`;
    await examineReach(examination, world, about, endpoint);
    await examineTls(examination, world, about, endpoint, tls);
  }
  const about = 'directory';
  const isUsable = servers.some((server) =>
    trustChecks(true, {}).every((id) => examination.stands(id, `directory ${server}`)),
  );
  await examination.check({ id: 'directory.servers', about }, () =>
    isUsable
      ? ok('A server of the directory can be reached, and is trusted.')
      : failed('No server of the directory can be used.', 'See what is said of each of them.'),
  );
  await examination.check(
    { id: 'directory.account', about, needs: ['directory.servers'], doing: 'asking the directory' },
    async () => {
      if (!service) {
        return info(
          'There is no service account, so nobody can be looked up without a password.',
          'scep-gateway directory test --password <account> tries a sign-in.',
        );
      }
      const { steps, reason } = await testDirectory(resolved, service.account, undefined);
      const broken = steps.find(({ step, ok: stands }) => !stands && step !== 'group');
      // That the service account itself has no rights here is as it should be.
      const found = steps.some(({ step, ok: stands }) => step === 'account' && stands);
      if (broken === undefined && found) return ok('The service account reads the directory.');
      return failed(
        `The service account cannot read the directory: ${broken?.text ?? reason ?? 'no answer'}.`,
        'Check directory.service (account, password, locked or expired); scep-gateway directory test shows each step.',
      );
    },
  );
}
