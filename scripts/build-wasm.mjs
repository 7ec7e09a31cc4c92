// Builds the .wat files of src/speech/device and writes their bytes into files beside them; unit tests repeat the
// build and compare. Usage: node scripts/build-wasm.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const folder = new URL('../src/speech/device/', import.meta.url);
const tools = await wabt();
for (const name of ['matvec', 'second-search']) {
  const source = readFileSync(new URL(`${name}.wat`, folder), 'utf8');
  const { buffer } = tools.parseWat(`${name}.wat`, source, { simd: true }).toBinary({});
  const text = Buffer.from(buffer).toString('base64');
  const constant = `${name.toUpperCase().replaceAll('-', '_')}_BASE64`;
  writeFileSync(
    new URL(`${name}-bytes.ts`, folder),
    `/** ${name}.wat as bytes, made by scripts/build-wasm.mjs: ${buffer.length} of them, in base64. */
export const ${constant} =
  '${text.match(/.{1,96}/g).join("' +\n  '")}';
`,
  );
  console.log(`${name}: ${buffer.length} bytes`);
}
