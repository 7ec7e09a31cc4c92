/** Values of a journal line that are of a neighbouring build's making: read by name, and absent when they are not so. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Words as they were written down: sensitive ones are not there. */
export function said(value: unknown): string {
  if (typeof value === 'string') return value;
  if (isFields(value) && typeof value['redacted'] === 'string')
    return `${typeof value['length'] === 'number' ? value['length'] : 'some'} sensitive ${value['redacted']}`;
  return '';
}
