import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../src/fleet/front.ts';
import { findNginx } from '../src/fleet/front-nginx.ts';
import { realClock, sleep } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { nginxMain } from '../src/ops/nginx.ts';

/** nginx with the reference configuration's own block before the workers of a folder, to compare with ours. */
export async function openReferenceFront(
  socketDir: string,
  workers: number,
  processes: number,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const prefix = mkdtempSync(join(socketDir, `reference_${processes}_`));
  const port = await freePort(0);
  const lines = Array.from(
    { length: workers },
    (_, index) => `  server unix:${socketDir}/cxbcore_${index + 1}.sock max_conns=1 fail_timeout=10;`,
  );
  const block = readFileSync(join(packageRoot, 'bench/reference-fleet.conf'), 'utf8')
    .replace('{{workers}}', lines.join('\n'))
    .replace('{{port}}', String(port))
    .replaceAll('{{count}}', String(workers));
  writeFileSync(join(prefix, 'fleet.conf'), block);
  const asRoot = process.getuid?.() === 0;
  writeFileSync(join(prefix, 'nginx.conf'), nginxMain({ prefix, workers, asRoot, processes }));
  const program = findNginx(process.env['PATH']) ?? 'nginx';
  const child = spawn(program, ['-p', prefix, '-c', join(prefix, 'nginx.conf')], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  while (!(await listens(port))) await sleep(realClock, 20);
  return {
    port,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
