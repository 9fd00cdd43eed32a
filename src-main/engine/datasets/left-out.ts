// What a source leaves out while it lists a split's images, gathered by reason.
import type { LeftOut } from '../../contract/data/left-out.ts'

export const deadLink = 'links that lead nowhere'
export const hidden = 'hidden files as macOS adds them, which are no images'

const mostNames = 20 // kept of a reason
const longestName = 300

/** Grows as a source lists a split: of each reason a count, and the first names. */
export class LeftOuts {
  readonly #found = new Map<string, LeftOut>()

  add(reason: string, name: string): void {
    const same = this.#found.get(reason) ?? { reason, count: 0, names: [] }
    this.#found.set(reason, same)
    same.count++
    if (same.names.length < mostNames) same.names.push(name.slice(0, longestName))
  }

  all(): LeftOut[] {
    return [...this.#found.values()]
  }
}
