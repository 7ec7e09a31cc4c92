import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PictureSource, pictureSvg } from '../../sim/picture.ts';
import { stereoRecording } from '../../sim/stereo.ts';
import type { Played } from './play.ts';
import type { Row } from './verdict.ts';

/** Writes recording, picture and report of every call, and one page that shows them all. Returns the page's path. */
export async function writeResults(
  folder: string,
  played: readonly Played[],
  rows: readonly Row[],
): Promise<string> {
  for (const call of played) {
    const { name } = call.role;
    await writeFile(join(folder, `${name}.wav`), stereoRecording(call.placed.far));
    await writeFile(join(folder, `${name}.svg`), pictureSvg(pictureOf(call)));
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(call.report, null, 2)}\n`);
  }
  const page = join(folder, 'index.html');
  await writeFile(page, pageOf(played, rows));
  return page;
}

function pictureOf({ role, report, placed, agentTexts }: Played): PictureSource {
  return {
    title: `${role.name} ${role.about}`,
    rate: placed.far.mouth.rate,
    caller: placed.far.mouth.said(),
    agent: placed.far.loudspeaker.heard(),
    report,
    agentTexts,
  };
}

function pageOf(played: readonly Played[], rows: readonly Row[]): string {
  const sections = played.map(({ role }) => {
    const row = rows.find(({ name }) => name === role.name);
    const words = row ? `${row.words.right} of ${row.words.of} words right` : '';
    return `<section>
<figure><img src="${role.name}.svg" alt="${role.name} ${role.about}: both voices on one time axis"></figure>
<p><audio controls preload="none" src="${role.name}.wav"></audio> ${words} · <a href="${role.name}.json">report</a></p>
</section>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CXB Core demo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #24292f; background: #f1efe9; }
  section { margin: 2.5rem 0; }
  figure { margin: 0; overflow-x: auto; }
  p { display: flex; gap: 1rem; align-items: center; }
</style>
<h1>CXB Core demo</h1>
<p>Caller on the left, agent on the right. Callers are recordings of a person; agents heard and spoke on this machine.</p>
${sections.join('\n')}
</html>
`;
}
