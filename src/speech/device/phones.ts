/** The phones of the acoustic model, without silence and noises. */
export const PHONES =
  'AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH'.split(
    ' ',
  );

/** The name of the word that consists of one phone. */
export const phoneWord = (phone: string): string => `~${phone}`;
