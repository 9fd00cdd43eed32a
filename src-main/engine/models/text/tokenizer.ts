// CLIP's tokenizer: lower-cased byte-pair encoding (Sennrich et al. 2016) over UTF-8 bytes, 49,408 tokens:
// 256 bytes, the same 256 at the end of a word ("</w>"), one for each of 48,894 merges, <start_of_text>, <end_of_text>.
// A word's symbols are joined pair by pair, the earliest merge of the list first. The list is resources/text's, and is
// an argument: the engine opens no files.
import { clipEndOfText } from '../../../contract/known-towers.ts'
import { cleaned } from './clean.ts'

export interface Tokenizer {
  /** <start_of_text>, the text, <end_of_text>; cut to `length` tokens, of which the last is then <end_of_text>. */
  encode(text: string, length?: number): number[]
}

export const vocabularySize = 49_408
const endOfText = clipEndOfText
const startOfText = vocabularySize - 2
const mergeCount = vocabularySize - 2 * 256 - 2
const wordEnd = '</w>'
const word = /<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu

// in Latin-1
const isPrintable = (byte: number): boolean => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
const allBytes = Array.from({ length: 256 }, (_, byte) => byte)
const [printable, others] = [allBytes.filter(isPrintable), allBytes.filter((byte) => !isPrintable(byte))]
/** A byte's symbol, in the order of ids: printable ones are themselves, the others stand from U+0100 on. */
const symbolOf = new Map([
  ...printable.map((byte): [number, string] => [byte, String.fromCharCode(byte)]),
  ...others.map((byte, i): [number, string] => [byte, String.fromCharCode(256 + i)]),
])

/** list: a line of comment, then a merge a line, "left right"; what stands behind the 48,894th is of no use. */
export function createTokenizer(list: string): Tokenizer {
  const merges = list.split('\n').slice(1, 1 + mergeCount)
  if (merges.length < mergeCount) throw new Error(`The list of merges has ${merges.length} instead of ${mergeCount}.`)
  const ranks = new Map(merges.map((merge, rank) => [merge, rank]))
  const bytes = [...symbolOf.values()]
  const symbols = [
    ...bytes,
    ...bytes.map((symbol) => symbol + wordEnd),
    ...merges.map((merge) => merge.replace(' ', '')),
  ]
  // of two merges that give one symbol, the later names it
  const ids = new Map(symbols.map((symbol, id) => [symbol, id]))
  const known = new Map([
    ['<start_of_text>', [startOfText]],
    ['<end_of_text>', [endOfText]],
  ])
  return { encode }

  function encode(text: string, length = 77): number[] {
    const tokens = [startOfText, ...(cleaned(text).match(word) ?? []).flatMap(tokensOf), endOfText]
    return tokens.length > length ? [...tokens.slice(0, length - 1), endOfText] : tokens
  }

  function tokensOf(part: string): number[] {
    const found = known.get(part) ?? joined(symbolsOf(part), ranks).map((symbol) => ids.get(symbol) as number)
    known.set(part, found)
    return found
  }
}

function symbolsOf(part: string): string[] {
  const symbols = Array.from(new TextEncoder().encode(part), (byte) => symbolOf.get(byte) as string)
  symbols.push((symbols.pop() ?? '') + wordEnd)
  return symbols
}

/** Joins pairs of neighbours, each time every one of the pair that stands first in the list, until no pair is in it. */
function joined(part: string[], ranks: ReadonlyMap<string, number>): string[] {
  for (let symbols = part; ; ) {
    let best = Number.POSITIVE_INFINITY
    let pair = ''
    for (let i = 0; i + 1 < symbols.length; i++) {
      const candidate = `${symbols[i]} ${symbols[i + 1]}`
      const rank = ranks.get(candidate) ?? Number.POSITIVE_INFINITY
      if (rank < best) [best, pair] = [rank, candidate]
    }
    if (!pair) return symbols
    const next: string[] = []
    for (let i = 0; i < symbols.length; i++) {
      const isPair = i + 1 < symbols.length && `${symbols[i]} ${symbols[i + 1]}` === pair
      next.push(isPair ? `${symbols[i]}${symbols[++i]}` : (symbols[i] as string))
    }
    symbols = next
  }
}
