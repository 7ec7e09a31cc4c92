/**
 * Pronunciations for the words of the grammars, out of the model's 135,000. The decoder gets only these: loading all of
 * them costs 300 ms and 15 MB for each worker.
 */

/** A word with one of its pronunciations, as phones separated by spaces. */
export interface Pronunciation {
  readonly word: string;
  readonly phones: string;
}

/**
 * Sounds of hesitation that the model's dictionary lacks, and words that are heard better as one: apart, the letters of
 * "a m" are too short to stand against "eight" and "eighteen". Between the two some pause, which helps
 * little: "fifty a m" is still often heard as "fifty eight a m". `_` is a space in the text that is reported.
 */
const OWN: Readonly<Record<string, readonly string[]>> = {
  a_m: ['EY EH M', 'EY T EH M', 'EY SIL EH M'],
  p_m: ['P IY EH M', 'P IY SIL EH M'],
  erm: ['ER M', 'AH M'],
  // Ends in a stop of the voice, which is heard as K.
  uh_huh: ['AH HH AH', 'AH HH AH K', 'AH V AH K'],
  mm_hm: ['M HH M', 'AH M HH AH M'],
  mhm: ['M HH M', 'AH M HH AH M'],
  hm: ['HH AH M', 'HH M'],
  mm: ['M', 'AH M'],
  nah: ['N AA'],
  yup: ['Y AH P'],
};

/**
 * What a telephone makes of some words: nothing above 3.4 kHz is left that tells F from TH, and a drawn-out "five" was
 * heard as "nine" every time.
 */
const BY_TELEPHONE: Readonly<Record<string, readonly string[]>> = {
  five: ['TH AY V', 'F AA IY V', 'F AA AY V', 'TH AA AY V'],
  "o'clock": ['OW K L AA K', 'AH K L AO K'],
  // Said with round lips, and without its first consonant, most of which lies below 300 Hz.
  march: ['M AO R CH', 'AO R CH'],
  // The D of both is hardly ever spoken.
  goodbye: ['G UH B AY', 'K UW P AA EY'],
  // The N is left as a darker vowel, and a drawn-out R as a second syllable that made it "fourteenth".
  sunday: ['S EH N D EY', 'S EH UW D EY'],
  monday: ['M EH N D EY', 'M AH UW D EY'],
  fourth: ['F AO ER TH', 'F OW AO ER IH TH'],
  no: ['N EH OW'],
  from: ['F R AA M'],
};

/**
 * Picks the words out of the model's dictionary, one line each: `word phones`, further pronunciations as `word(2)`.
 *
 * @returns every pronunciation of every word that has one, and the words that have none
 */
export function pick(
  dictionary: string,
  words: ReadonlySet<string>,
): { readonly found: Pronunciation[]; readonly missing: string[] } {
  const found: Pronunciation[] = [];
  const seen = new Set<string>();
  for (let at = 0; at < dictionary.length; ) {
    const end = dictionary.indexOf('\n', at);
    const stop = end === -1 ? dictionary.length : end;
    const space = dictionary.indexOf(' ', at);
    const alternative = dictionary.lastIndexOf('(', space);
    const word = dictionary.slice(at, alternative > at ? alternative : space);
    if (space !== -1 && space < stop && words.has(word)) {
      found.push({ word, phones: dictionary.slice(space + 1, stop).trim() });
      seen.add(word);
    }
    at = stop + 1;
  }
  for (const word of words) {
    for (const phones of BY_TELEPHONE[word] ?? []) found.push({ word, phones });
    if (seen.has(word)) continue;
    for (const phones of OWN[word] ?? []) found.push({ word, phones });
  }
  return { found, missing: [...words].filter((word) => !seen.has(word) && !OWN[word]) };
}

/**
 * Letters and the sounds they usually stand for in English, the longest first; "" is a silent letter. Meant for names
 * that no dictionary has, where a rough guess is worth more than a refusal.
 */
const SOUNDS: readonly (readonly [letters: string, phones: string])[] = [
  ['tion', 'SH AH N'],
  ['sion', 'ZH AH N'],
  ['eigh', 'EY'],
  ['ough', 'AO'],
  ['augh', 'AO'],
  ['tch', 'CH'],
  ['sch', 'SH'],
  ['igh', 'AY'],
  ['eau', 'OW'],
  ['dge', 'JH'],
  ['ch', 'CH'],
  ['sh', 'SH'],
  ['th', 'TH'],
  ['ph', 'F'],
  ['wh', 'W'],
  ['ck', 'K'],
  ['kn', 'N'],
  ['gh', 'G'],
  ['ng', 'NG'],
  ['qu', 'K W'],
  ['wr', 'R'],
  ['cz', 'CH'],
  ['sz', 'SH'],
  ['rz', 'ZH'],
  ['zh', 'ZH'],
  ['ai', 'EY'],
  ['ay', 'EY'],
  ['au', 'AO'],
  ['aw', 'AO'],
  ['ar', 'AA R'],
  ['ea', 'IY'],
  ['ee', 'IY'],
  ['ei', 'AY'],
  ['ey', 'IY'],
  ['er', 'ER'],
  ['eu', 'Y UW'],
  ['ew', 'UW'],
  ['ie', 'IY'],
  ['ir', 'ER'],
  ['oa', 'OW'],
  ['oi', 'OY'],
  ['oy', 'OY'],
  ['oo', 'UW'],
  ['or', 'AO R'],
  ['ou', 'AW'],
  ['ow', 'OW'],
  ['ue', 'UW'],
  ['ur', 'ER'],
  ['ui', 'UW'],
  ['ce', 'S EH'],
  ['ci', 'S IH'],
  ['cy', 'S IY'],
  ['a', 'AE'],
  ['b', 'B'],
  ['c', 'K'],
  ['d', 'D'],
  ['e', 'EH'],
  ['f', 'F'],
  ['g', 'G'],
  ['h', 'HH'],
  ['i', 'IH'],
  ['j', 'JH'],
  ['k', 'K'],
  ['l', 'L'],
  ['m', 'M'],
  ['n', 'N'],
  ['o', 'OW'],
  ['p', 'P'],
  ['r', 'R'],
  ['s', 'S'],
  ['t', 'T'],
  ['u', 'AH'],
  ['v', 'V'],
  ['w', 'W'],
  ['x', 'K S'],
  ['y', 'IY'],
  ['z', 'Z'],
];

/** A guess at how an unknown word sounds; undefined when it holds anything but letters. */
export function guess(word: string): string | undefined {
  // Accents change less than their absence from the table would.
  const letters = word
    .normalize('NFD')
    .replaceAll(/\p{Mark}|['-]/gu, '')
    .toLowerCase();
  if (!/^[a-z]+$/.test(letters)) return undefined;
  const phones: string[] = [];
  for (let at = 0; at < letters.length; ) {
    const rest = letters.slice(at);
    if (rest === 'e' && phones.length > 1) break;
    const [used, sound] = SOUNDS.find(([own]) => rest.startsWith(own)) ?? ['?', ''];
    // Doubled consonants sound once.
    if (sound !== phones.at(-1) || /^[aeiou]/.test(used)) phones.push(sound);
    at += used.length;
  }
  return phones.join(' ');
}
