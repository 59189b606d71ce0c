import { parseNetworkList } from '../address/index.js';
import { dataServers } from './data-servers.js';
import { problemAt, type ConfigPath, type ConfigProblem } from './problem.js';
import { readBytes, type ReadFile } from './read-file.js';
import type { GatewayConfig } from './schema.js';
import { decodeTextFile } from './text-file.js';

/** What is wrong with the files that `challenges.webhook.ca` names; absolute paths, too. */
export async function webhookFileProblems(
  { profiles }: Pick<GatewayConfig, 'profiles'>,
  readFile?: ReadFile,
): Promise<ConfigProblem[]> {
  const found = Object.entries(profiles).map(async ([name, { challenges }]) => {
    const file = challenges.webhook?.ca;
    if (file === undefined) return [];
    const path = ['profiles', name, 'challenges', 'webhook', 'ca'];
    const bytes = await readBytes(file, readFile);
    if (bytes.kind === 'failed') {
      return [problemAt(path, `cannot be read: ${bytes.reason}`, 'correct the path')];
    }
    if (decodeTextFile(bytes.content)?.includes('-----BEGIN CERTIFICATE-----')) return [];
    return [
      problemAt(path, 'holds no certificate in PEM', 'write the certificates of the CAs into it'),
    ];
  });
  return (await Promise.all(found)).flat();
}

/** What is wrong with the files of `data.store.tls` and `data.redis.tls`; absolute paths, too. */
export async function storeFileProblems(
  { data }: Pick<GatewayConfig, 'data'>,
  readFile?: ReadFile,
): Promise<ConfigProblem[]> {
  return unreadableFiles(
    dataServers(data).flatMap(({ path, server: { tls } }) => [
      { path: [...path, 'tls', 'ca'], file: tls.ca },
      { path: [...path, 'tls', 'certificate'], file: tls.certificate },
      { path: [...path, 'tls', 'key'], file: tls.key },
    ]),
    readFile,
  );
}

/** What is wrong with the files that sign-in needs: `directory.ca` and the keytab; absolute paths, too. */
export async function signInFileProblems(
  { directory, access }: Pick<GatewayConfig, 'directory' | 'access'>,
  readFile?: ReadFile,
): Promise<ConfigProblem[]> {
  return unreadableFiles(
    [
      { path: ['directory', 'ca'], file: directory?.ca },
      { path: ['access', 'signIn', 'negotiate', 'keytab'], file: access.signIn.negotiate?.keytab },
    ],
    readFile,
  );
}

async function unreadableFiles(
  files: readonly { readonly path: ConfigPath; readonly file: string | undefined }[],
  readFile?: ReadFile,
): Promise<ConfigProblem[]> {
  const found = files.map(async ({ path, file }) => {
    if (file === undefined) return [];
    const bytes = await readBytes(file, readFile);
    if (bytes.kind === 'read') return [];
    return [problemAt(path, `cannot be read: ${bytes.reason}`, 'correct the path, or its rights')];
  });
  return (await Promise.all(found)).flat();
}

/** What is wrong with the files of `access.lists`, which have absolute paths here. */
export async function listFileProblems(
  { access }: Pick<GatewayConfig, 'access'>,
  readFile?: ReadFile,
): Promise<ConfigProblem[]> {
  const found = Object.entries(access.lists).map(async ([name, { file }]) => {
    const path = ['access', 'lists', name, 'file'];
    const bytes = await readBytes(file, readFile);
    if (bytes.kind === 'failed') {
      return [problemAt(path, `cannot be read: ${bytes.reason}`, 'correct the path')];
    }
    const text = decodeTextFile(bytes.content);
    if (text === undefined) return [problemAt(path, 'is not UTF-8 text', 'save it as UTF-8')];
    const outcome = parseNetworkList(text);
    if (outcome.kind === 'read') return [];
    return outcome.problems.map((problem) =>
      problemAt(path, `cannot be used: ${problem}`, 'write one address or network a line'),
    );
  });
  return (await Promise.all(found)).flat();
}
