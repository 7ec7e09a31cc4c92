import { readFile } from 'node:fs/promises';
import type { Reply } from './http.ts';

/** Made by `npm run reference`, and part of the package; the same place as seen from `src` and from `dist`. */
const PAGE = new URL('../../../docs/openapi.json', import.meta.url);

/** What the starts and the calls API take and answer. It says nothing of this host, so it needs no key. */
export async function openApiReply(): Promise<Reply> {
  return { status: 200, body: await readFile(PAGE, 'utf8') };
}
