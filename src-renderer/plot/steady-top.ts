// What is found comes in several answers. The first row is what Enter would do, and a person who has read it may press
// Enter as a later answer comes; so what was first for a question stays first, as long as it is found at all.

/** Gives what is found in the order in which it is shown; question: another one begins anew. */
export function steadyTop<T extends { readonly id: string }>(): (
  question: string,
  found: readonly T[],
) => readonly T[] {
  let asked: string | null = null
  let top: string | null = null
  return (question, found) => {
    if (question !== asked) top = null
    asked = question
    const first = found.find(({ id }) => id === top) ?? found[0]
    top = first?.id ?? null
    return first ? [first, ...found.filter((one) => one !== first)] : found
  }
}
