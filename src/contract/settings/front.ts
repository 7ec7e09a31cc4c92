import { addresses, number, optionalText } from './kinds.ts';

/** What nginx lets in on this host, and over what. */
export const FRONT_SETTINGS = {
  tlsCertificate: optionalText(
    'CXBCORE_TLS_CERTIFICATE',
    'The certificate, with its chain, that the front shows on CXBCORE_HTTP_PORT. Absent: plain HTTP, for a host behind an ingress that ends TLS.',
  ),
  tlsKey: optionalText('CXBCORE_TLS_KEY', 'The file of the key of that certificate.'),
  allowMedia: addresses(
    'CXBCORE_ALLOW_MEDIA',
    'Where media connections may come from, such as the addresses your carrier publishes. This machine and CXBCORE_INGRESS always may. None: everywhere.',
  ),
  allowStarts: addresses(
    'CXBCORE_ALLOW_STARTS',
    'Where starts by request may come from. This machine and CXBCORE_INGRESS always may. None: everywhere.',
  ),
  startRate: number(
    'CXBCORE_START_RATE',
    50,
    'count',
    'How many starts a second one address may send, with as many at once on top; more get rate_limited. This machine, CXBCORE_INGRESS and CXBCORE_ALLOW_MEDIA are not counted.',
    { max: 100_000 },
  ),
} as const;
