// Lists in sentences, and what a card says of itself in one.

/** "a", "a and b", "a, b and c"; or with another word. */
export function listed(words: readonly string[], between = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${between} ${words.at(-1)}`
}

export const brief = (card: { title: string; sentence: string } | undefined): string =>
  card ? `${card.title}: ${card.sentence}` : ''
