import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A certificate that vouches for itself, with its key in the same file, as HAProxy takes it; returns its path. */
export async function selfSigned(folder: string, name: string, file = `${name}.pem`): Promise<string> {
  const key = join(folder, `${file}.key`);
  const crt = join(folder, `${file}.crt`);
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 ' +
    `-subj /CN=${name} -addext subjectAltName=DNS:${name},DNS:localhost -keyout ${key} -out ${crt}`;
  await promisify(execFile)('openssl', words.split(' '));
  const path = join(folder, file);
  writeFileSync(path, readFileSync(crt, 'utf8') + readFileSync(key, 'utf8'), { mode: 0o600 });
  return path;
}
