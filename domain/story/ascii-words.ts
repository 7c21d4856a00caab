// Text of any script as words that addresses and file names may hold everywhere.

/** Letters that Unicode does not take apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** Lower-case words of ASCII letters and digits: "Ærlig, señor!" gives `aerlig`, `senor`. */
export function asciiWords(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/gu, (letter) => LETTERS[letter] ?? '')
    .normalize('NFKD')
    .replaceAll(/[\p{M}'’]/gu, '')
    .split(/[^a-z0-9]+/u)
    .filter(Boolean);
}
