/**
 * Where a sentence may be cut for synthesis. Short pieces are heard sooner and hold up the recogniser less; every cut
 * costs melody, so only the first piece is short.
 */

/** A sentence up to this many letters is spoken in one. */
const WHOLE_MAX = 60;
/** A piece shorter than this is not worth a cut. */
const PIECE_MIN = 16;

/** The pieces of a sentence, in order; joined by spaces they are the sentence again, but for white space. */
export function clausesOf(text: string): string[] {
  const whole = text.trim().replaceAll(/\s+/g, ' ');
  if (whole === '') return [];
  if (whole.length <= WHOLE_MAX) return [whole];
  const pieces: string[] = [];
  let piece = '';
  for (const part of whole.split(/(?<=[.!?;:,])\s/)) {
    piece = piece === '' ? part : `${piece} ${part}`;
    const sentence = /[.!?]$/.test(part);
    if (piece.length >= (sentence ? 1 : PIECE_MIN)) {
      pieces.push(piece);
      piece = '';
    }
  }
  if (piece !== '') {
    const last = pieces.pop();
    pieces.push(last === undefined ? piece : `${last} ${piece}`);
  }
  return pieces.flatMap((long) => cutAtWords(long));
}

/** Longer than this without a comma, it is cut between words. */
const PIECE_MAX = 160;

function cutAtWords(text: string): string[] {
  if (text.length <= PIECE_MAX) return [text];
  const space = text.lastIndexOf(' ', PIECE_MAX);
  const cut = space > 0 ? space : PIECE_MAX;
  return [text.slice(0, cut), ...cutAtWords(text.slice(cut).trim())];
}

/** The silence after a piece, in milliseconds, by how it ends. */
export function pauseAfterMs(piece: string): number {
  if (/[.!?]$/.test(piece)) return 250;
  return /[;:,]$/.test(piece) ? 150 : 0;
}
