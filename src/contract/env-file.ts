/** An environment file as systemd reads it: `NAME=value` lines, comments, quotes around a value. */
export function parseEnvFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*([A-Za-z_]\w*)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) values[name] = value.replace(/^(["'])(.*)\1$/, '$2');
  }
  return values;
}
