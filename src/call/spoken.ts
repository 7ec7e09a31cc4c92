/**
 * How a sentence is spoken, where a voice could not be trusted with how it is written: times, signs, telephone numbers
 * and other long numbers digit by digit. Everything else stays as it is.
 */
export function spokenForm(text: string): string {
  return text
    .replace(/\b([01]?\d|2[0-3]):([0-5]\d)\b(?:\s*([ap])\.?m\.?(?![a-z]))?/gi, (_all, hour, minute, half) =>
      clockTime(Number(hour), Number(minute), half),
    )
    .replace(/\b([ap])\.?m\.(?![a-z])/gi, (_all, half: string) => `${half.toLowerCase()} m`)
    .replace(/[€$£](\d+)(?:\.(\d\d))?/g, (all: string, units: string, cents: string | undefined) =>
      money(all[0] ?? '', units, cents),
    )
    .replace(/(\d)\s*%/g, '$1 percent')
    .replace(/\s&\s/g, ' and ')
    .replace(/\+?\d[\d -]{5,}\d/g, (digits) => digits.replace(/\D/g, '').split('').join(' '))
    .replace(/\s+/g, ' ')
    .trim();
}

function clockTime(hour: number, minute: number, half: string | undefined): string {
  const minutes = minute === 0 ? (half ? '' : " o'clock") : minute < 10 ? ` oh ${minute}` : ` ${minute}`;
  const hours = minute === 0 && !half && (hour === 0 || hour > 12) ? `${hour} hundred` : `${hour}`;
  const tail = hours.endsWith('hundred') ? '' : minutes;
  return `${hours}${tail}${half ? ` ${half.toLowerCase()} m` : ''}`;
}

const CURRENCIES: Readonly<Record<string, readonly [one: string, many: string]>> = {
  $: ['dollar', 'dollars'],
  '£': ['pound', 'pounds'],
  '€': ['euro', 'euros'],
};

function money(sign: string, units: string, cents: string | undefined): string {
  const [one, many] = CURRENCIES[sign] ?? ['', ''];
  const whole = `${units} ${units === '1' ? one : many}`;
  return cents === undefined || cents === '00' ? whole : `${whole} ${Number(cents)}`;
}
