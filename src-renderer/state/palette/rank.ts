// What is meant by some typed letters, best first. Each word has to be found: in the title as a beginning, the
// beginning of a word, anywhere, or letter by letter in order ("mgr" in "merge"); or anywhere in what else is known.
// What was used lately comes before its equals. Pure: the same letters give the same order.

export interface Candidate {
  readonly id: string
  readonly title: string
  readonly more: string // what it is found by besides: its kind, its method, its folder
}

const atStart = 100
const atWord = 80
const within = 60
const scattered = 30
const elsewhere = 20
const lately = 10 // for the last one used, one less for each before it

/** How well a title is meant by one word, both in small letters; 0: not at all. */
export function likeness(word: string, title: string): number {
  const at = title.indexOf(word)
  if (at === 0) return atStart
  if (at > 0) return /[^\p{L}\p{N}]/u.test(title[at - 1] ?? '') ? atWord : within
  return letterByLetter(word, title)
}

/** In order; letters that begin a word, or follow one another, count for more. 0: they are not all there. */
function letterByLetter(word: string, title: string): number {
  let place = -1
  let good = 0
  for (const letter of word) {
    const next = title.indexOf(letter, place + 1)
    if (next < 0) return 0
    if (next === place + 1 || next === 0 || /[^\p{L}\p{N}]/u.test(title[next - 1] ?? '')) good++
    place = next
  }
  return good * 2 > word.length ? (scattered * good) / word.length : 0
}

/** At most `most` of them; without letters what was used lately, then all in their order. */
export function ranked<T extends Candidate>(
  query: string,
  all: readonly T[],
  recent: readonly string[] = [],
  most = 50,
): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const bonus = new Map(recent.map((id, i) => [id, Math.max(0, lately - i)]))
  const found = all.flatMap((one) => {
    const score = scoreOf(words, one)
    return score === null ? [] : [{ one, score: score + (bonus.get(one.id) ?? 0) }]
  })
  return found
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ one }) => one)
}

function scoreOf(words: readonly string[], { title, more }: Candidate): number | null {
  const [own, other] = [title.toLowerCase(), more.toLowerCase()]
  let sum = 0
  for (const word of words) {
    const score = Math.max(likeness(word, own), other.includes(word) ? elsewhere : 0)
    if (score === 0) return null
    sum += score
  }
  return words.length ? sum / words.length - Math.min(own.length, 80) / 100 : 0 // of equals the shorter
}
