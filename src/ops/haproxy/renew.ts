import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IngressError } from './description.ts';
import type { AskHaproxy } from './runtime.ts';

/** A certificate as it was put to use. */
export interface Renewed {
  readonly serial: string;
  readonly validTo: string;
}

/**
 * Gives the running HAProxy what its certificate file holds now: new connections meet the new one, calls stay. The
 * file is where the next start reads it, so it has to be replaced first.
 * @throws IngressError when HAProxy does not take it; it then goes on with the old one
 */
export async function renewCertificate(path: string, haproxy: AskHaproxy): Promise<Renewed> {
  let pem: string;
  let certificate: X509Certificate;
  try {
    pem = readFileSync(path, 'utf8');
    certificate = new X509Certificate(pem);
  } catch (error) {
    throw new IngressError(
      `${path} holds no certificate: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!pem.includes('PRIVATE KEY-----'))
    throw new IngressError(`${path} must hold the certificate, its chain and its key, one after another`);
  if (Date.parse(certificate.validTo) < Date.parse(certificate.validFrom))
    throw new IngressError(`${path} is valid at no time`);
  const set = await haproxy(`set ssl cert ${path}`, pem);
  if (!/^Transaction (created|updated) for certificate/m.test(set))
    throw new IngressError(`HAProxy: ${set.trim()}`);
  const committed = await haproxy(`commit ssl cert ${path}`);
  if (!committed.includes('Success')) {
    await haproxy(`abort ssl cert ${path}`);
    throw new IngressError(`HAProxy: ${committed.trim()}`);
  }
  const shown = await haproxy(`show ssl cert ${path}`);
  const serial = /^Serial: ([0-9A-F]+)/im.exec(shown)?.[1] ?? '';
  if (BigInt(`0x${serial || '0'}`) !== BigInt(`0x${certificate.serialNumber}`))
    throw new IngressError(`HAProxy still shows the certificate ${serial || 'of nobody'}`);
  return { serial: certificate.serialNumber, validTo: certificate.validTo };
}
