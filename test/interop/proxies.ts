/** nginx and HAProxy as they stand in front of a gateway, each in the foreground with its own folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';

export const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

export interface Proxy {
  stop(): Promise<void>;
}

/** @param http text of the `http` block, `stream` of the `stream` block */
export function startNginx(
  ports: readonly number[],
  { http, stream }: { readonly http: string; readonly stream: string },
): Promise<Proxy> {
  return startProxy('nginx', ports, (folder) => {
    const file = join(folder, 'nginx.conf');
    const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
load_module ${streamModule};
events {}
http { access_log off; ${scratch.join(' ')}
${http}
}
stream {
${stream}
}
`,
    );
    return ['-e', 'stderr', '-c', file];
  });
}

export function startHaproxy(ports: readonly number[], sections: string): Promise<Proxy> {
  return startProxy('haproxy', ports, (folder) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `defaults
  timeout connect 5s
  timeout client 10s
  timeout server 10s
${sections}
`,
    );
    return ['-f', file, '-db'];
  });
}

async function startProxy(
  program: string,
  ports: readonly number[],
  configure: (folder: string) => string[],
): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), `${program}-`));
  const child = spawn(program, configure(folder), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const port of ports) {
      await eventually(`${program} on port ${port}`, async () => {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${errors}`);
        return (await isOpen(port)) || undefined;
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const opened = await Promise.race([
    once(socket, 'connect').then(
      () => true,
      () => false,
    ),
  ]);
  socket.destroy();
  return opened;
}

/** Neither program can say which port it took. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map((server) => {
      server.close();
      return once(server, 'close');
    }),
  );
  return ports;
}
