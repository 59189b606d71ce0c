import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

/**
 * Compiles rooms of `src` into a new directory, for tests that run them in a process of their own: Node 20
 * reads no TypeScript, and `dist` may be older than the sources. The caller removes the directory.
 */
export function compileRooms(...rooms: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'compiled-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  for (const room of rooms)
    for (const file of readdirSync(join('src', room), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.ts')) compile(join('src', room, file), join(directory, room, file));
  return directory;
}

function compile(source: string, target: string): void {
  const { code } = transformFileSync(source, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target.replace(/\.ts$/, '.js'), code);
}
