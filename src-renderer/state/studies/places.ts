// Rows of a study in the order of their places, of which an answer may hold those alone that changed.

/** whole: these are all. Rows of places that are not known yet come in where they belong. */
export function inPlaces<Row extends { place: number }>(
  before: readonly Row[],
  told: readonly Row[],
  whole: boolean,
): Row[] {
  if (whole) return [...told]
  const changed = new Map(told.map((row) => [row.place, row]))
  const kept = before.map((row) => {
    const now = changed.get(row.place) ?? row
    changed.delete(row.place)
    return now
  })
  return changed.size === 0 ? kept : [...kept, ...changed.values()].sort((a, b) => a.place - b.place)
}
