/**
 * A telephone number as it is compared: without its scheme, and without what people put between digits. Numbers that are
 * names ("sip:front@example.com") keep their letters.
 */
export function plainNumber(number: string): string {
  return number
    .trim()
    .toLowerCase()
    .replace(/^(?:tel|sip|sips):/, '')
    .replace(/[;?].*$/, '')
    .replace(/(?<=^\+?[\d\s().-]*)[\s().-]+/g, '');
}
