import type { CheckedConfig } from './checked-config.js';
import { problemAt, type ConfigProblem } from './problem.js';

export function checkListeners({ config }: CheckedConfig): ConfigProblem[] {
  return [
    ...config.listeners.flatMap(({ address }, index) => {
      const path = ['listeners', index, 'address'];
      const first = config.listeners.findIndex((other) => other.address === address);
      if (first < index && !address.endsWith(':0')) {
        return [problemAt(path, `is listed already in listeners[${first}]`, 'remove one of them')];
      }
      return portProblems(path, address);
    }),
    ...checkPublicUrl(config.publicUrl),
  ];
}

function portProblems(path: readonly (string | number)[], address: string): ConfigProblem[] {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  if (port <= 65535) return [];
  return [problemAt(path, `names port ${port}`, 'write a port from 0 (any free one) to 65535')];
}

function checkPublicUrl(publicUrl: string | undefined): ConfigProblem[] {
  if (publicUrl === undefined) return [];
  const { search, hash, username, password } = new URL(publicUrl);
  if (search + hash + username + password === '') return [];
  return [
    problemAt(
      ['publicUrl'],
      'has a query, a fragment or a user name',
      'write scheme, host and, where needed, port and path only',
    ),
  ];
}
