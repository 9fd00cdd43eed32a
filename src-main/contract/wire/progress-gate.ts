// Lets progress through at most ten times a second. What is held back is dropped: the next one says more.

/** now: milliseconds of a clock that never goes back. */
export function progressGate(now: () => number): () => boolean {
  let next = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time < next) return false
    next = time + 100
    return true
  }
}
