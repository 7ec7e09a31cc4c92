/** 1–128 of `A-Z a-z 0-9 . _ -`, starting with a letter or digit: safe as a file name and in a URL path. */
const CALL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function isCallId(text: string): boolean {
  return CALL_ID.test(text);
}

export const CALL_ID_RULE = '1 to 128 of A-Z a-z 0-9 . _ -, starting with a letter or digit';
